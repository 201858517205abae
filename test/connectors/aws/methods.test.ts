import { beforeAll, beforeEach, describe, expect, it } from 'vitest';

import federationToken from '../../../src/connectors/aws/auth-methods/federation-token.ts';
import iamRole from '../../../src/connectors/aws/auth-methods/iam-role.ts';
import secretKey from '../../../src/connectors/aws/auth-methods/secret-key.ts';
import sessionToken from '../../../src/connectors/aws/auth-methods/session-token.ts';
import stsToken from '../../../src/connectors/aws/auth-methods/sts-token.ts';
import type { AwsCloud, AwsScope } from '../../../src/connectors/aws/cloud.ts';
import { keysOf } from '../../../src/connectors/aws/access-key.ts';
import s3Bucket from '../../../src/connectors/aws/resource-types/s3-bucket.ts';
import type { AuthMethodSpec, ConnectorInput } from '../../../src/connectors/contract.ts';
import { ofKind } from '../../../src/core/credential.ts';
import type { Access } from '../../../src/core/credential.ts';
import { secret } from '../../../src/core/secret.ts';
import type { UserWithKey } from '../../../src/stand-ins/aws/accounts.ts';
import {
  allow,
  connectorOf,
  never,
  policyOf,
  saveNothing,
  secretsOfUser,
  startBed,
  trust,
  type Bed,
} from './aws-bed.ts';

type Method = AuthMethodSpec<AwsCloud, AwsScope>;

const REGION = { region: 'eu-west-1' };
const PLACE = REGION;

let bed: Bed;
let user: UserWithKey;
let roleArn: string;

beforeAll(async () => {
  bed = await startBed();
  const { accounts, buckets } = bed.aws;
  user = accounts.addUser({ name: 'svc', policies: [policyOf(allow(['sts:*', 's3:*']))] });
  roleArn = accounts.putRole({
    name: 'data',
    trust: trust(user.arn),
    policies: [policyOf(allow('s3:*'))],
    maxSessionSeconds: 43_200,
  }).arn;
  buckets.add('zenfiles');
  buckets.add('other');
  buckets.put('zenfiles', 'a/k', 'x');
  buckets.put('other', 'k', 'x');
});

beforeEach(() => bed.aws.calls.reset());

const bucket = (id: string, access: Access): AwsScope | undefined =>
  s3Bucket.narrow({ type: 's3-bucket', id, access }, REGION);

async function issue(
  method: Method,
  config: object,
  more: {
    scope?: AwsScope | undefined;
    seconds?: number;
    connector?: Partial<ConnectorInput>;
  } = {},
) {
  const credential = await method.issue({
    connector: connectorOf({ secret: secretsOfUser(user), ...more.connector }),
    config: method.config.parse({ ...REGION, ...config }),
    scope: more.scope,
    seconds: more.seconds ?? method.lifetime?.default ?? 0,
    cloud: bed.cloud,
    machine: bed.machine,
    signal: never(),
    saveLogin: saveNothing,
  });
  return ofKind(credential, 'aws-session');
}

/** Which of the two buckets a credential can list, by asking S3. */
async function reach(credential: Awaited<ReturnType<typeof issue>>): Promise<string[]> {
  const reached: string[] = [];
  for (const name of ['zenfiles', 'other']) {
    // oxlint-disable-next-line no-await-in-loop -- two calls
    const error: unknown = await bed.cloud.s3
      .probeList(keysOf(credential), name, undefined, PLACE, never())
      .catch((reason: unknown) => reason);
    if (error === undefined) reached.push(name);
    else expect(error).toMatchObject({ code: 'UPSTREAM_DENIED', upstreamCode: 'AccessDenied' });
  }
  return reached;
}

describe('iam-role', () => {
  it('the whole role without a scope, one bucket with it', async () => {
    const whole = await issue(iamRole, { role_arn: roleArn });
    expect(whole).toMatchObject({ roleArn, region: 'eu-west-1' });
    expect(await reach(whole)).toEqual(['zenfiles', 'other']);
    const scope = bucket('s3://zenfiles', 'read');
    expect(await reach(await issue(iamRole, { role_arn: roleArn }, { scope }))).toEqual([
      'zenfiles',
    ]);
  });

  it('a policy of one’s own and the scope: what both allow', async () => {
    const policy = policyOf(allow('s3:*', ['arn:aws:s3:::other', 'arn:aws:s3:::other/*']));
    const config = { role_arn: roleArn, policy };
    expect(await reach(await issue(iamRole, config))).toEqual(['other']);
    expect(
      await reach(await issue(iamRole, config, { scope: bucket('s3://zenfiles', 'read') })),
    ).toEqual([]);
    expect(
      await reach(await issue(iamRole, config, { scope: bucket('s3://other', 'full') })),
    ).toEqual(['other']);
  });

  it('a managed policy and the scope: what both allow', async () => {
    const arn = bed.aws.accounts.putManagedPolicy('s3-all', policyOf(allow('s3:*')));
    const config = { role_arn: roleArn, policy_arns: arn };
    expect(await reach(await issue(iamRole, config))).toEqual(['zenfiles', 'other']);
    expect(
      await reach(await issue(iamRole, config, { scope: bucket('s3://zenfiles', 'read') })),
    ).toEqual(['zenfiles']);
  });

  it('external id, tags and source identity reach the trust policy', async () => {
    const { arn } = bed.aws.accounts.putRole({
      name: 'strict',
      trust: trust(user.arn, {
        StringEquals: {
          'sts:ExternalId': 'x1',
          'aws:RequestTag/team': 'a',
          'sts:SourceIdentity': 'me',
        },
      }),
    });
    const options = {
      role_arn: arn,
      external_id: 'x1',
      session_tags: 'team=a',
      source_identity: 'me',
    };
    expect((await issue(iamRole, options)).roleArn).toBe(arn);
    await expect(issue(iamRole, { ...options, external_id: 'x2' })).rejects.toMatchObject({
      code: 'UPSTREAM_DENIED',
    });
  });

  it('a chain of three: narrowed at its end, one hour at most', async () => {
    const { accounts } = bed.aws;
    const second = accounts.putRole({
      name: 'second',
      account: '444455556666',
      trust: trust(roleArn),
      policies: [policyOf(allow('sts:AssumeRole'))],
    });
    accounts.putRole({
      name: 'data',
      trust: trust(user.arn),
      policies: [policyOf(allow(['s3:*', 'sts:AssumeRole']))],
      maxSessionSeconds: 43_200,
    });
    const third = accounts.putRole({
      name: 'third',
      trust: trust(second.arn, { StringEquals: { 'sts:ExternalId': 'x3' } }),
      policies: [policyOf(allow('s3:*'))],
    });
    const config = {
      role_arn: roleArn,
      role_chain: [second.arn, { role_arn: third.arn, external_id: 'x3' }],
    };
    expect(iamRole.lifetimeOf?.(iamRole.config.parse({ ...REGION, ...config }))?.max).toBe(3600);
    const session = await issue(iamRole, config, { scope: bucket('s3://zenfiles', 'read') });
    expect(session).toMatchObject({
      roleArn: third.arn,
      principalArn: 'arn:aws:sts::111122223333:assumed-role/third/valetkey-aws-dev',
      expiresAt: bed.clock.now() + 3_600_000,
    });
    expect(await reach(session)).toEqual(['zenfiles']);
    expect(bed.aws.calls.count('sts:AssumeRole')).toBe(3);
  });

  it('stored temporary keys work, for an hour at most', async () => {
    const base = await issue(sessionToken, {});
    const stored = {
      aws_access_key_id: secret(base.accessKeyId),
      aws_secret_access_key: secret(base.secretAccessKey),
      aws_session_token: secret(base.sessionToken),
    };
    const session = await issue(
      iamRole,
      { role_arn: roleArn },
      { seconds: 43_200, connector: { secret: stored } },
    );
    expect(session.expiresAt).toBe(bed.clock.now() + 3_600_000);
  });

  it('a missing key is named', async () => {
    await expect(
      issue(iamRole, { role_arn: roleArn }, { connector: { secret: {} } }),
    ).rejects.toMatchObject({
      code: 'SECRET_MISSING',
      subject: 'aws_access_key_id',
    });
  });
});

describe.each([secretKey, sessionToken])('$kind', (method) => {
  it('hands out a session of the user, never the key', async () => {
    const session = await issue(method, {}, { seconds: 7200 });
    expect(session).toMatchObject({
      principalArn: user.arn,
      expiresAt: bed.clock.now() + 7_200_000,
    });
    expect(session.accessKeyId).not.toBe(user.accessKeyId);
    expect(JSON.stringify(session)).not.toContain(user.secretAccessKey);
    expect(method.narrows(method.config.parse(REGION))).toBe(false);
    expect(method.alternatives).toContain('iam-role');
  });
});

describe('federation-token', () => {
  it('may do what the scope allows', async () => {
    const session = await issue(
      federationToken,
      {},
      { scope: bucket('s3://zenfiles', 'read'), seconds: 900 },
    );
    expect(session.principalArn).toBe('arn:aws:sts::111122223333:federated-user/valetkey-aws-dev');
    expect(await reach(session)).toEqual(['zenfiles']);
  });

  it('may do what one’s own policy allows', async () => {
    expect(await reach(await issue(federationToken, { policy: policyOf(allow('s3:*')) }))).toEqual([
      'zenfiles',
      'other',
    ]);
  });

  it('is refused when it would be good for nothing', async () => {
    await expect(issue(federationToken, {})).rejects.toMatchObject({
      code: 'INPUT_INVALID',
      subject: 'policy',
      hint: expect.stringContaining('policy_arns'),
    });
    expect(bed.aws.calls.all()).toEqual({});
  });
});

const stored = async () => {
  const session = await issue(sessionToken, {}, { seconds: 900 });
  return {
    session,
    connector: {
      expiresAt: session.expiresAt,
      secret: {
        aws_access_key_id: secret(session.accessKeyId),
        aws_secret_access_key: secret(session.secretAccessKey),
        aws_session_token: secret(session.sessionToken),
      },
    },
  };
};

describe('sts-token', () => {
  it('hands the stored session on, with its own expiry', async () => {
    const { session, connector } = await stored();
    expect(await issue(stsToken, {}, { connector })).toMatchObject({
      accessKeyId: session.accessKeyId,
      sessionToken: session.sessionToken,
      expiresAt: session.expiresAt,
      principalArn: user.arn,
    });
  });

  it('not without knowing when it expires, not after that, and not once AWS has forgotten it', async () => {
    const { session, connector } = await stored();
    const unknown = { ...connector, expiresAt: undefined };
    await expect(issue(stsToken, {}, { connector: unknown })).rejects.toMatchObject({
      code: 'INPUT_INVALID',
      subject: 'expires_at',
    });
    const past = { ...connector, expiresAt: bed.clock.now() };
    await expect(issue(stsToken, {}, { connector: past })).rejects.toMatchObject({
      code: 'CREDENTIAL_EXPIRED',
    });
    bed.aws.accounts.deleteKey(session.accessKeyId);
    await expect(issue(stsToken, {}, { connector })).rejects.toMatchObject({
      code: 'UPSTREAM_BAD_CREDENTIAL',
    });
  });
});

describe('a long-lived key under the name of a session', () => {
  it('is refused before anybody is asked, whatever a compatible service would say', async () => {
    const { connector } = await stored();
    bed.aws.calls.reset();
    const key = { ...secretsOfUser(user), aws_session_token: secret('some-token') };
    const mistaken = { ...connector, secret: key };
    await expect(issue(stsToken, {}, { connector: mistaken })).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      subject: 'aws_access_key_id',
    });
    expect(bed.aws.calls.all()).toEqual({});
  });

  it('is refused at registration', () => {
    const keys = {
      aws_access_key_id: user.accessKeyId,
      aws_secret_access_key: user.secretAccessKey,
      aws_session_token: 'some-token',
    };
    const { error } = stsToken.secret.safeParse(keys);
    expect(error?.issues.map(({ path }) => path)).toEqual([['aws_access_key_id']]);
    expect(
      stsToken.secret.safeParse({ ...keys, aws_access_key_id: 'ASIAIOSFODNN7EXAMPLE' }),
    ).toMatchObject({ success: true });
  });
});

async function login(method: Method, config: object, code: string | undefined) {
  const parsed = method.config.parse({ ...REGION, ...config });
  const flow = await method.login?.({
    connector: connectorOf({ secret: secretsOfUser(user) }),
    config: parsed,
    seconds: 0,
    cloud: bed.cloud,
    machine: bed.machine,
    signal: never(),
  });
  expect(flow?.prompt).toEqual({ kind: 'code', label: user.mfaSerial });
  return await flow?.finish(code, never());
}

describe('MFA', () => {
  const MINUTE = 60_000;

  it('a login stands for the keys until it expires', async () => {
    const { arn } = bed.aws.accounts.putRole({
      name: 'mfa-only',
      trust: trust(user.arn, { Bool: { 'aws:MultiFactorAuthPresent': 'true' } }),
    });
    const config = { role_arn: arn, mfa_serial: user.mfaSerial, mfa_session_seconds: 3600 };
    await expect(issue(iamRole, config)).rejects.toMatchObject({
      code: 'LOGIN_REQUIRED',
      hint: 'run: valetkey connector login aws-dev',
    });
    const result = await login(iamRole, config, user.mfaCode());
    expect(result?.expiresAt).toBe(bed.clock.now() + 3_600_000);
    const connector = { login: result?.fields };
    expect((await issue(iamRole, config, { connector })).roleArn).toBe(arn);
    await bed.clock.advance(60 * MINUTE);
    await expect(issue(iamRole, config, { connector })).rejects.toMatchObject({
      code: 'LOGIN_REQUIRED',
    });
  });

  it('a session token is the login’s own session', async () => {
    const config = { mfa_serial: user.mfaSerial };
    await bed.clock.advance(MINUTE);
    const result = await login(
      sessionToken,
      config,
      ` ${user.mfaCode().slice(0, 3)} ${user.mfaCode().slice(3)} `,
    );
    const session = await issue(sessionToken, config, { connector: { login: result?.fields } });
    expect(session).toMatchObject({
      principalArn: user.arn,
      accountId: '111122223333',
      expiresAt: result?.expiresAt,
    });
    expect(await reach(session)).toEqual(['zenfiles', 'other']);
  });

  it('a wrong code is denied, and none at all is not sent', async () => {
    const config = { mfa_serial: user.mfaSerial };
    const wrong = user.mfaCode() === '000000' ? '000001' : '000000';
    await expect(login(sessionToken, config, wrong)).rejects.toMatchObject({
      code: 'UPSTREAM_DENIED',
    });
    await expect(login(sessionToken, config, undefined)).rejects.toMatchObject({
      code: 'INPUT_INVALID',
      subject: 'code',
    });
  });

  it('without a device there is nothing to log in to', async () => {
    const flow = await sessionToken.login?.({
      connector: connectorOf({ secret: secretsOfUser(user) }),
      config: sessionToken.config.parse(REGION),
      seconds: 0,
      cloud: bed.cloud,
      machine: bed.machine,
      signal: never(),
    });
    expect(flow).toBeUndefined();
  });
});
