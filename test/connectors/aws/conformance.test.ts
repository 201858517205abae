import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CompactSign, exportJWK, generateKeyPair } from 'jose';
import { onTestFinished } from 'vitest';

import aws from '../../../src/connectors/aws/index.ts';
import type { AwsSession } from '../../../src/core/credential.ts';
import { describeAuthMethods, type MethodSpecimen } from '../../conformance/auth-method.ts';
import { describeResourceTypes } from '../../conformance/resource-type.ts';
import {
  allow,
  cloudOf,
  connectorOf,
  keysOfUser,
  never,
  openBed,
  policyOf,
  trust,
} from './aws-bed.ts';

const REGION = 'eu-west-1';
const ACCOUNT = '111122223333';

/** A fresh stand-in with one user and one role; `make` says how a method is set up on it. */
function specimen(
  make: (
    bed: Awaited<ReturnType<typeof prepare>>,
  ) => Promise<Partial<MethodSpecimen> & Pick<MethodSpecimen, 'config'>>,
): () => Promise<MethodSpecimen> {
  return async () => {
    const bed = await prepare();
    const made = await make(bed);
    const { faults, calls } = bed.aws;
    return {
      machine: bed.machine,
      cloud: bed.cloud,
      secret: {},
      longLived: [bed.user.secretAccessKey],
      calls: () => Object.values(calls.all()).reduce((sum, count) => sum + count, 0),
      async outage(during) {
        await faults.down();
        await during();
        await faults.up();
      },
      async denial(during) {
        const end = faults.add('*', { kind: 'error', code: 'AccessDenied', status: 403 });
        await during();
        end();
      },
      ...made,
    };
  };
}

async function prepare() {
  const bed = await openBed();
  onTestFinished(() => bed.aws.stop());
  const home = mkdtempSync(join(tmpdir(), 'valetkey-'));
  onTestFinished(() => rmSync(home, { recursive: true }));
  const user = bed.aws.accounts.addUser({ name: 'svc', policies: [policyOf(allow('*'))] });
  const role = bed.aws.accounts.putRole({ name: 'data', trust: trust(user.arn) });
  const stored = {
    aws_access_key_id: user.accessKeyId,
    aws_secret_access_key: user.secretAccessKey,
  };
  return { ...bed, home, user, role, stored };
}

type Prepared = Awaited<ReturnType<typeof prepare>>;

const sessionOf = async ({ cloud, user }: Prepared): Promise<AwsSession> =>
  await cloud.sts.getSessionToken(keysOfUser(user), { seconds: 3600 }, { region: REGION }, never());

async function identityToken({ aws: { accounts }, clock }: Prepared) {
  const { privateKey, publicKey } = await generateKeyPair('ES256');
  const jwk = { ...(await exportJWK(publicKey)), kid: 'one', alg: 'ES256' };
  const iss = 'https://issuer.example';
  const Federated = accounts.addOidcProvider({
    account: ACCOUNT,
    issuer: iss,
    audiences: ['sts'],
    jwks: { keys: [jwk] },
  });
  const now = Math.floor(clock.now() / 1000);
  const claims = { iss, sub: 'job', aud: 'sts', iat: now, exp: now + 300 };
  const token = new CompactSign(Buffer.from(JSON.stringify(claims)));
  return {
    Federated,
    token: await token.setProtectedHeader({ alg: 'ES256', kid: 'one' }).sign(privateKey),
  };
}

const keys = specimen(async ({ stored }) => ({ config: { region: REGION }, secret: stored }));

describeAuthMethods(aws, {
  specimens: {
    'secret-key': keys,
    'session-token': keys,
    'federation-token': specimen(async ({ stored }) => ({
      config: { region: REGION, policy: policyOf(allow('s3:*')) },
      secret: stored,
    })),
    'iam-role': specimen(async ({ stored, role }) => ({
      config: {
        region: REGION,
        role_arn: role.arn,
        session_tags: 'team=a',
        policy: policyOf(allow('*')),
      },
      secret: stored,
    })),
    'sts-token': specimen(async (bed) => {
      const session = await sessionOf(bed);
      return {
        config: { region: REGION },
        expiresAt: session.expiresAt,
        secret: {
          aws_access_key_id: session.accessKeyId,
          aws_secret_access_key: session.secretAccessKey,
          aws_session_token: session.sessionToken,
        },
      };
    }),
    'web-identity': specimen(async (bed) => {
      const { token, Federated } = await identityToken(bed);
      const file = join(bed.home, 'token');
      writeFileSync(file, token);
      const statement = {
        Effect: 'Allow',
        Principal: { Federated },
        Action: 'sts:AssumeRoleWithWebIdentity',
      };
      const role = bed.aws.accounts.putRole({ name: 'ci', trust: policyOf(statement) });
      return {
        config: { region: REGION, role_arn: role.arn, token_file: file },
        longLived: [token],
      };
    }),
    profile: specimen(async (bed) => {
      const { home, user, role } = bed;
      writeFileSync(
        join(home, 'config'),
        `[profile base]\naws_access_key_id=${user.accessKeyId}\naws_secret_access_key=${user.secretAccessKey}\n[profile dev]\nregion=${REGION}\nrole_arn=${role.arn}\nsource_profile=base\n`,
      );
      return { config: { profile: 'dev' }, ...seenBy(bed, {}) };
    }),
    implicit: specimen(async (bed) => {
      const { user } = bed;
      const env = {
        AWS_ACCESS_KEY_ID: user.accessKeyId,
        AWS_SECRET_ACCESS_KEY: user.secretAccessKey,
      };
      return { config: { region: REGION }, ...seenBy(bed, env) };
    }),
    sso: specimen(async (bed) => {
      const { aws: upstream, clock, cloud, machine } = bed;
      upstream.sso.assign({ roleName: 'Reader', account: ACCOUNT });
      const config = {
        region: REGION,
        sso_start_url: upstream.sso.startUrl,
        sso_region: REGION,
        sso_account_id: ACCOUNT,
        sso_role_name: 'Reader',
      };
      const method = aws.authMethods['sso'];
      const parsed = method?.config.parse(config) ?? {};
      const flow = await method?.login?.({
        connector: connectorOf(),
        config: parsed,
        seconds: 0,
        cloud,
        machine,
        signal: never(),
      });
      if (flow?.prompt.kind !== 'device') throw new Error('sso shows a device code');
      upstream.sso.decide(flow.prompt.userCode, 'approved');
      const state = { done: false };
      const finishing = flow.finish(undefined, never()).finally(() => (state.done = true));
      // oxlint-disable-next-line no-await-in-loop -- time goes on until the flow has seen the approval
      while (!state.done) await clock.advance(1000);
      return { config, login: (await finishing).fields };
    }),
  },
});

/** The machine with a home of its own: files there, and these variables. */
function seenBy({ machine, home }: Prepared, env: Record<string, string>) {
  const seen = {
    ...machine,
    implicit: { allow: [ACCOUNT] },
    env: {
      ...machine.env,
      HOME: home,
      AWS_CONFIG_FILE: join(home, 'config'),
      AWS_SHARED_CREDENTIALS_FILE: join(home, 'credentials'),
      AWS_EC2_METADATA_DISABLED: 'true',
      ...env,
    },
  };
  return { machine: seen, cloud: cloudOf(seen) };
}

describeResourceTypes(aws, {
  config: { region: REGION, kms_key_arn: `arn:aws:kms:${REGION}:${ACCOUNT}:key/1234abcd` },
  ids: {
    'aws-generic': { good: [REGION], bad: ['us-east-1', 's3://zenfiles'] },
    's3-bucket': {
      good: [
        'zenfiles',
        's3://zenfiles',
        's3://zenfiles/runs/1',
        'arn:aws:s3:::zenfiles/*',
        's3://zenfiles/ü*',
      ],
      bad: ['arn:aws-cn:s3:::zenfiles', 'ZenFiles', 'https://zenfiles.s3.amazonaws.com/'],
    },
  },
});
