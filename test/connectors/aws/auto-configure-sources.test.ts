import { CompactSign, exportJWK, generateKeyPair } from 'jose';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';

import type { Proposal } from '../../../src/connectors/contract.ts';
import { BUCKET, findOn, plain, useOn, type Ask } from './auto-bed.ts';
import { allow, policyOf } from './aws-bed.ts';
import type { AwsHome, HomeMachine } from './aws-home.ts';
import { cachedSignIn, cliSignIn, SSO_REGION, ssoProfile } from './cli-sign-in.ts';
import { localServer } from './local-server.ts';
import { ACCOUNT, startSourceBed, type SourceBed } from './source-bed.ts';

let bed: SourceBed;

beforeAll(async () => {
  bed = await startSourceBed();
});

beforeEach(() => bed.aws.calls.reset());

const find = (home: AwsHome | HomeMachine, ask?: Ask) => findOn(bed, home, ask);
const useIt = (proposal: Proposal, home?: AwsHome | HomeMachine, scope?: boolean) =>
  useOn(bed, proposal, home, scope);

const ssoHome = (more = '') =>
  bed.machineWith({
    config: ssoProfile(bed, 'corp', 'Developer') + more,
    env: { AWS_PROFILE: 'corp' },
  });

const envOf = async (more: Record<string, string> = {}) => {
  const { session } = await bed.container(bed.first);
  const env = {
    AWS_ACCESS_KEY_ID: session.accessKeyId,
    AWS_SECRET_ACCESS_KEY: session.secretAccessKey,
    AWS_SESSION_TOKEN: session.sessionToken,
    ...more,
  };
  return { session, env };
};

describe('an SSO profile', () => {
  it('takes the CLI’s sign-in over', async () => {
    const home = ssoHome();
    await cliSignIn(bed, home);
    const proposal = await find(home);
    expect(proposal).toMatchObject({
      method: 'sso',
      config: {
        sso_start_url: bed.aws.sso.startUrl,
        sso_region: SSO_REGION,
        sso_account_id: ACCOUNT,
        sso_role_name: 'Developer',
        region: 'eu-west-1',
      },
      secret: {},
    });
    await bed.clock.advance(3_590_000);
    await useIt(proposal, home);
  });

  it('whose token is about to end: both get the renewed one', async () => {
    const home = ssoHome();
    await cliSignIn(bed, home);
    await bed.clock.advance(3_590_000);
    const proposal = await find(home);
    expect(cachedSignIn(home)['accessToken']).toBe(
      proposal.login?.fields['sso_access_token']?.reveal(),
    );
    await bed.clock.advance(3_590_000);
    await useIt(proposal, home);
  });

  it('nobody is signed in to is proposed, and says that a login is needed', async () => {
    const proposal = await find(ssoHome());
    expect(proposal.login).toBeUndefined();
    expect(proposal.notes.join(' ')).toContain('valetkey connector login');
    expect(bed.aws.calls.all()).toEqual({});
  });

  it('with a role over it', async () => {
    const more = `[profile up]\nrole_arn = ${bed.data}\nsource_profile = corp\n`;
    const home = ssoHome(more);
    await cliSignIn(bed, home);
    const proposal = await find(home, { given: { profile: 'up' } });
    expect(proposal).toMatchObject({ method: 'sso', config: { role_arn: bed.data } });
    expect(await bed.reach(await useIt(proposal, home, true))).toEqual(['zenfiles']);
  });

  it('is one stored session when sts-token is asked', async () => {
    const home = ssoHome();
    await cliSignIn(bed, home);
    const proposal = await find(home, { method: 'sts-token' });
    expect(proposal.expiresAt).toBe(bed.aws.accounts.sessions().at(-1)?.expiresAt);
    await useIt(proposal);
  });
});

describe('a web identity', () => {
  it('stays a token file, with a role on top', async () => {
    const { privateKey, publicKey } = await generateKeyPair('ES256');
    const issuer = 'https://issuer.example';
    const Federated = bed.aws.accounts.addOidcProvider({
      account: ACCOUNT,
      issuer,
      audiences: ['sts.amazonaws.com'],
      jwks: { keys: [{ ...(await exportJWK(publicKey)), kid: 'one', alg: 'ES256' }] },
    });
    const pod = bed.aws.accounts.putRole({
      name: 'pod',
      trust: policyOf({
        Effect: 'Allow',
        Principal: { Federated },
        Action: 'sts:AssumeRoleWithWebIdentity',
      }),
      policies: [policyOf(allow(['s3:*', 'sts:AssumeRole']))],
    });
    const now = Math.floor(bed.clock.now() / 1000);
    const claims = { iss: issuer, sub: 'pod', aud: 'sts.amazonaws.com', iat: now, exp: now + 900 };
    const token = await new CompactSign(Buffer.from(JSON.stringify(claims)))
      .setProtectedHeader({ alg: 'ES256', kid: 'one' })
      .sign(privateKey);
    const files = bed.machineWith();
    const env = {
      AWS_WEB_IDENTITY_TOKEN_FILE: files.write('token', token),
      AWS_ROLE_ARN: pod.arn,
    };
    const proposal = await find({ env }, { given: { role_arn: bed.data } });
    expect(proposal).toMatchObject({
      method: 'web-identity',
      config: {
        role_arn: pod.arn,
        token_file: env.AWS_WEB_IDENTITY_TOKEN_FILE,
        role_chain: [{ role_arn: bed.data }],
      },
      secret: {},
    });
    expect(await bed.reach(await useIt(proposal, {}, true))).toEqual(['zenfiles']);
    const whole = await find({ env }, { method: 'sts-token' });
    expect(whole.expiresAt).toBe(bed.aws.accounts.sessions().at(-1)?.expiresAt);
    const config = `[profile pod]\nrole_arn = ${pod.arn}\nweb_identity_token_file = ${env.AWS_WEB_IDENTITY_TOKEN_FILE}\n[profile up]\nrole_arn = ${bed.data}\nsource_profile = pod\n`;
    const up = await find({ config }, { given: { profile: 'up' }, method: 'profile' });
    expect(await useIt(up, { config }, true)).toMatchObject({ roleArn: bed.data });
  });
});

describe('what renews by itself elsewhere', () => {
  it('a credential_process stays in its profile', async () => {
    const { session } = await bed.container(bed.data);
    const machine = bed.machineWith();
    const script = machine.write(
      'process.mjs',
      `console.log(JSON.stringify(${JSON.stringify({
        Version: 1,
        AccessKeyId: session.accessKeyId,
        SecretAccessKey: session.secretAccessKey,
        SessionToken: session.sessionToken,
        Expiration: new Date(session.expiresAt).toISOString(),
      })}))`,
    );
    machine.write('.aws/config', `[default]\ncredential_process = ${process.execPath} ${script}\n`);
    const proposal = await find(machine);
    expect(proposal).toMatchObject({
      method: 'profile',
      config: { profile: 'default' },
      secret: {},
    });
    expect(await useIt(proposal, machine)).toMatchObject({ expiresAt: session.expiresAt });
    const narrowed = await find(machine, { resource: BUCKET });
    expect(narrowed.config).toMatchObject({ as_is: true });
    expect(narrowed.notes.join(' ')).toContain('--allow-unscoped');
  });

  it('a container’s role is implicit where that is allowed', async () => {
    const { env, session } = await bed.container(bed.data);
    const proposal = await find({ env, allow: [ACCOUNT] });
    expect(proposal).toMatchObject({ method: 'implicit', secret: {} });
    expect(await useIt(proposal, { env, allow: [ACCOUNT] })).toMatchObject({
      accessKeyId: session.accessKeyId,
    });
  });

  it('and one stored session with its true expiry where it is not', async () => {
    const { env, session } = await bed.container(bed.data);
    const proposal = await find({ env });
    expect(proposal).toMatchObject({ method: 'sts-token', expiresAt: session.expiresAt });
    const notes = proposal.notes.join(' ');
    expect(notes).toContain('not be renewed');
    expect(notes).toContain('policy.implicit.allow');
    await useIt(proposal);
  });
});

describe('temporary keys in variables', () => {
  it('are stored with the expiry that stands beside them', async () => {
    const end = bed.clock.now() + 1_800_000;
    const { env } = await envOf({ AWS_CREDENTIAL_EXPIRATION: new Date(end).toISOString() });
    const proposal = await find({ env });
    expect(proposal).toMatchObject({ method: 'sts-token', expiresAt: end });
    await useIt(proposal);
  });

  it('are refused when none does: no hour is assumed', async () => {
    const { env } = await envOf();
    await expect(find({ env })).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      subject: 'keys in the environment',
    });
    await expect(find({ env }, { method: 'sts-token' })).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
    });
  });

  it('may assume a role, and carry their own end', async () => {
    const end = bed.clock.now() + 1_800_000;
    const { env } = await envOf({ AWS_CREDENTIAL_EXPIRATION: new Date(end).toISOString() });
    const proposal = await find({ env }, { given: { role_arn: bed.data } });
    expect(proposal).toMatchObject({ method: 'iam-role', expiresAt: end });
    expect(plain(proposal)).toHaveProperty('aws_session_token');
    await useIt(proposal);
  });
});

describe('a machine with nothing', () => {
  it('says so', async () => {
    await expect(find({})).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  it('says so where IMDS is silent too', async () => {
    const server = await localServer(() => ({ status: 503 }));
    const env = { AWS_EC2_METADATA_DISABLED: '', AWS_EC2_METADATA_SERVICE_ENDPOINT: server.url };
    await expect(find({ env, allow: [ACCOUNT] })).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(find({ env })).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });
});
