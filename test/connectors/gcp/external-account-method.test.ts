import { describe, expect, it } from 'vitest';

import { DEFAULT_SCOPES } from '../../../src/connectors/gcp/scopes.ts';
import { startAwsStandIn } from '../../../src/stand-ins/aws/server.ts';
import { PROJECT } from '../../support/google.ts';
import {
  allOf,
  claimsOf,
  cloudOf,
  failureOf,
  hidden,
  identityBy,
  issueBy,
  methodOf,
  stranger,
} from './bed.ts';
import { AWS_TYPE, configuration, impersonationUrl } from './external-account-bed.ts';
import { asked, federationBed, type FederationBed } from './federation-bed.ts';

const METHOD = 'external-account';
const CONFIG = { project_id: PROJECT };
const STORAGE = 'https://www.googleapis.com/auth/devstorage.read_only';
const BUCKET = {
  boundary: [
    {
      availableResource: '//storage.googleapis.com/projects/_/buckets/zenfiles',
      availablePermissions: ['inRole:roles/storage.objectViewer'],
    },
  ],
};

const issue = (
  bed: FederationBed,
  json: string,
  more: Partial<Parameters<typeof issueBy>[2]> = {},
) => issueBy(METHOD, bed, { config: CONFIG, secret: { external_account_json: json }, ...more });

describe('a federated identity', () => {
  it('is exchanged for a token of its own', async () => {
    const bed = await federationBed();
    const issued = await issue(bed, bed.json());
    expect(issued).toMatchObject({
      principal: '',
      account: PROJECT,
      scopes: DEFAULT_SCOPES,
      expiresAt: bed.clock.now() + 3_599_000,
    });
    expect(bed.google.log).toMatchObject([
      { operation: 'sts:exchange', principal: bed.pool.member('job'), scopes: DEFAULT_SCOPES },
    ]);
    expect(issued.token).not.toBe(bed.token);
  });

  it('asks for the scopes of its client or its grant', async () => {
    const bed = await federationBed();
    const own = { config: { ...CONFIG, scopes: STORAGE } };
    expect((await issue(bed, bed.json(), own)).scopes).toEqual([STORAGE]);
    const chosen = { scopes: ['openid'], scope: { scopes: [STORAGE] } };
    expect((await issue(bed, bed.json(), chosen)).scopes).toEqual(['openid']);
    await issue(bed, bed.json(), { scope: { scopes: [STORAGE] } });
    expect(bed.google.log.at(-1)).toMatchObject({ scopes: [STORAGE] });
  });

  it('reads its token anew each time', async () => {
    const bed = await federationBed();
    await issue(bed, bed.json());
    bed.files.write('token', bed.mint({ sub: 'stranger' }));
    const error = await failureOf(issue(bed, bed.json()));
    expect(error.code).toBe('UPSTREAM_DENIED');
  });

  it('has no identity tokens', async () => {
    const bed = await federationBed();
    const error = await failureOf(
      identityBy(METHOD, bed, 'https://a.example', {
        config: CONFIG,
        secret: { external_account_json: bed.json() },
      }),
    );
    expect(error.code).toBe('ID_TOKEN_UNSUPPORTED');
    expect(asked(bed)).toEqual([]);
  });

  it('is narrowed to a bucket', async () => {
    const bed = await federationBed();
    const { google, pool } = bed;
    google.buckets.allow(pool.member('job'), `projects/${PROJECT}`, 'roles/storage.admin');
    const { token } = await issue(bed, bed.json(), { scope: BUCKET });
    const read = async (path: string) =>
      (
        await fetch(`${google.url}/storage/v1/b/${path}`, {
          headers: { authorization: `Bearer ${token}` },
        })
      ).status;
    expect(await read('zenfiles/o/runs%2F1.txt')).toBe(200);
    expect(await read('payroll/o/june.csv')).toBe(403);
  });

  it('of a workforce cannot be narrowed to a bucket, and nobody is asked', async () => {
    const bed = await federationBed();
    const json = JSON.stringify(
      configuration({
        audience: '//iam.googleapis.com/locations/global/workforcePools/staff/providers/okta',
        workforce_pool_user_project: '123456789012',
        credential_source: { file: bed.tokenFile },
      }),
    );
    const error = await failureOf(issue(bed, json, { scope: BUCKET }));
    expect(error.code).toBe('SCOPE_UNSUPPORTED');
    expect(asked(bed)).toEqual([]);
  });

  it.each<[string, (bed: FederationBed) => string, string, string]>([
    [
      'of another issuer’s audience',
      ({ mint }) => mint({ aud: 'another' } as object),
      'UPSTREAM_BAD_CREDENTIAL',
      'invalid_grant',
    ],
    [
      'that has expired',
      ({ mint }) => mint({ iat: 1, exp: 2 } as object),
      'UPSTREAM_BAD_CREDENTIAL',
      'invalid_grant',
    ],
    ['that is no JWT', () => 'planted-nonsense', 'UPSTREAM_BAD_CREDENTIAL', 'invalid_grant'],
    [
      'that the condition rejects',
      ({ mint }) => mint({ sub: 'stranger' }),
      'UPSTREAM_DENIED',
      'unauthorized_client',
    ],
  ])('with a token %s is refused', async (_, make, code, upstreamCode) => {
    const bed = await federationBed();
    const token = make(bed);
    bed.files.write('token', token);
    const error = await failureOf(issue(bed, bed.json()));
    expect(error).toMatchObject({ code, upstreamCode });
    expect(allOf(error)).not.toContain(token);
  });

  it('of a provider that is switched off is refused', async () => {
    const bed = await federationBed();
    bed.pool.disable();
    const error = await failureOf(issue(bed, bed.json()));
    expect(error).toMatchObject({ code: 'UPSTREAM_INVALID', upstreamCode: 'invalid_target' });
  });
});

describe('a service account behind it', () => {
  it('is impersonated, with a source token that only serves for that', async () => {
    const bed = await federationBed();
    const issued = await issue(bed, bed.impersonating(), { scope: { scopes: [STORAGE] } });
    expect(issued).toMatchObject({
      principal: bed.robot.email,
      scopes: [STORAGE],
      expiresAt: bed.clock.now() + 3_600_000,
    });
    expect(bed.google.log).toMatchObject([
      { operation: 'sts:exchange', scopes: ['https://www.googleapis.com/auth/cloud-platform'] },
      { operation: 'iamcredentials:generateAccessToken', scopes: [STORAGE] },
    ]);
  });

  it('for as long as the configuration says, where the organisation allows it', async () => {
    const bed = await federationBed();
    const lifetime = (token_lifetime_seconds: number) =>
      bed.impersonating(undefined, { service_account_impersonation: { token_lifetime_seconds } });
    const short = await issue(bed, lifetime(600));
    expect(short.expiresAt).toBe(bed.clock.now() + 600_000);
    const error = await failureOf(issue(bed, lifetime(43_200)));
    expect(error).toMatchObject({ code: 'UPSTREAM_INVALID', upstreamCode: 'INVALID_ARGUMENT' });
    expect(error.hint).toContain('constraints/iam.allowServiceAccountCredentialLifetimeExtension');
    bed.google.accounts.extendLifetime(bed.robot.email);
    const long = await issue(bed, lifetime(43_200));
    expect(long.expiresAt).toBe(bed.clock.now() + 43_200_000);
  });

  it('proves itself with identity tokens', async () => {
    const bed = await federationBed();
    const issued = await identityBy(METHOD, bed, 'https://a.example', {
      config: CONFIG,
      secret: { external_account_json: bed.impersonating() },
    });
    expect(issued).toMatchObject({ audience: 'https://a.example', principal: bed.robot.email });
    expect(claimsOf(issued.token)).toMatchObject({
      aud: 'https://a.example',
      email: bed.robot.email,
    });
  });

  it('that it may not become is refused; what is missing is in the log alone', async () => {
    const bed = await federationBed();
    bed.files.write('token', bed.mint({ sub: 'other' }));
    const error = await failureOf(issue(bed, bed.impersonating()));
    expect(error).toMatchObject({ code: 'UPSTREAM_DENIED', upstreamCode: 'PERMISSION_DENIED' });
    expect(`${error.message} ${error.hint}`).not.toContain('iam.serviceAccounts.getAccessToken');
    expect(String(error.cause)).toContain('iam.serviceAccounts.getAccessToken');
  });
});

describe('an AWS identity', () => {
  it('signs a request that Google verifies', async () => {
    const bed = await federationBed();
    const aws = await startAwsStandIn({ clock: bed.clock });
    try {
      const user = aws.accounts.addUser({ name: 'svc', policies: [] });
      const pool = bed.google.pools.addPool({
        projectNumber: '123456789012',
        pool: 'aws-pool',
        provider: 'aws-dev',
        aws: { account: '111122223333', keys: aws.accounts },
      });
      const env = {
        ...bed.machine.env,
        AWS_ACCESS_KEY_ID: user.accessKeyId,
        AWS_SECRET_ACCESS_KEY: user.secretAccessKey,
        AWS_REGION: 'eu-west-1',
      };
      const machine = { ...bed.machine, env };
      const json = JSON.stringify(
        configuration({
          audience: pool.audience,
          subject_token_type: AWS_TYPE,
          credential_source: { environment_id: 'aws1' },
        }),
      );
      const from = (variables: Record<string, string>) => {
        const other = { ...machine, env: { ...env, ...variables } };
        return issue({ ...bed, machine: other, cloud: cloudOf(other) }, json);
      };
      expect((await from({})).token).not.toBe('');
      expect(bed.google.log.at(-1)).toMatchObject({ principal: pool.member(user.arn) });
      const error = await failureOf(from({ AWS_SECRET_ACCESS_KEY: 'planted-wrong-key' }));
      expect(error).toMatchObject({
        code: 'UPSTREAM_BAD_CREDENTIAL',
        upstreamCode: 'invalid_grant',
      });
      expect(allOf(error)).not.toContain('planted');
    } finally {
      await aws.stop();
    }
  });
});

describe('a program', () => {
  it('runs only when somebody said that it may', async () => {
    const bed = await federationBed();
    const marker = `${bed.files.home}/ran`;
    const program = bed.files.write(
      'program.mjs',
      `import { writeFileSync } from 'node:fs';
       writeFileSync(${JSON.stringify(marker)}, '');
       console.log(JSON.stringify({ version: 1, success: true, id_token: ${JSON.stringify(bed.token)},
         token_type: 'urn:ietf:params:oauth:token-type:jwt' }));`,
    );
    const json = bed.json({
      credential_source: { executable: { command: `'${process.execPath}' '${program}'` } },
    });
    const secrets = hidden({ external_account_json: json });
    const refused = expect.objectContaining({ code: 'INPUT_INVALID', subject: 'allow_executable' });
    expect(() => methodOf(METHOD).complete?.(CONFIG, secrets)).toThrow(refused);
    for (const allow_executable of [undefined, 'false']) {
      const config = { ...CONFIG, allow_executable };
      await expect(issue(bed, json, { config })).rejects.toEqual(refused);
    }
    const { existsSync } = await import('node:fs');
    expect(existsSync(marker)).toBe(false);
    const config = { ...CONFIG, allow_executable: 'true' };
    expect((await issue(bed, json, { config })).token).not.toBe('');
    expect(existsSync(marker)).toBe(true);
  });
});

describe('at registration', () => {
  const complete = (config: object, json: string) =>
    methodOf(METHOD).complete?.({ ...config }, hidden({ external_account_json: json }));

  it('the configuration tells the account and its project', () => {
    const url = impersonationUrl('deployer@other-project.iam.gserviceaccount.com');
    const json = JSON.stringify(configuration({ service_account_impersonation_url: url }));
    expect(complete({}, json)).toEqual({
      account_email: 'deployer@other-project.iam.gserviceaccount.com',
      project_id: 'other-project',
    });
  });

  it('the project must be said where nothing tells it', () => {
    const json = JSON.stringify(configuration());
    expect(() => complete({}, json)).toThrow(
      expect.objectContaining({ code: 'INPUT_INVALID', subject: 'project_id' }),
    );
    expect(complete(CONFIG, json)).toMatchObject({ account_email: undefined });
  });

  it('what is stored is checked again when it is used, and no stranger is asked', async () => {
    const bed = await federationBed();
    const { url, connections } = await stranger();
    for (const more of [
      { token_url: `${url}/v1/token` },
      { service_account_impersonation_url: impersonationUrl(bed.robot.email, url) },
    ]) {
      // oxlint-disable-next-line no-await-in-loop -- one after another, so that the log tells them apart
      const error = await failureOf(issue(bed, bed.json(more)));
      expect(error.code).toBe('INPUT_INVALID');
    }
    expect(connections()).toBe(0);
    expect(asked(bed)).toEqual([]);
  });

  it('a service of one’s own is asked when the connector names it', async () => {
    const bed = await federationBed();
    const machine = { ...bed.machine, env: {} };
    const { url } = bed.google;
    const config = { ...CONFIG, sts_endpoint: url, iamcredentials_endpoint: url };
    const json = bed.json({
      token_url: `${url}/v1/token`,
      service_account_impersonation_url: impersonationUrl(bed.robot.email, url),
    });
    const issued = await issue({ ...bed, machine, cloud: cloudOf(machine) }, json, { config });
    expect(issued.principal).toBe(bed.robot.email);
  });
});
