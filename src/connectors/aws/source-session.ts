import type { AwsSession } from '../../core/credential.ts';
import { ValetkeyError } from '../../core/errors.ts';
import type { ConnectorInput } from '../contract.ts';
import { keysOf, mustBeTemporary } from './access-key.ts';
import { regionFromEnv } from './ambient.ts';
import type { AwsCloud, AwsScope, RoleHop, StsPlace } from './cloud.ts';
import type { TimedKeys } from './credential-document.ts';
import { readIdentityToken } from '../outbound/identity-token.ts';
import { loggedIn } from './mfa-login.ts';
import { stsPlace, type PlaceConfig } from './place.ts';
import { assumeChain, CHAINED_SECONDS, ROLE_SECONDS } from './role-chain.ts';
import { hopsOf, sessionNameOf, type RoleConfig } from './role-options.ts';
import { sessionPolicy } from './session-policy.ts';
import type { Env } from './shared-config.ts';
import { sourceKeys, type KeysContext } from './source-keys.ts';
import type { ProfileRole, Source } from './source.ts';

const FEDERATED_NAME_MAX = 32; // GetFederationToken, "Name"

export interface SourceAsk extends KeysContext {
  readonly cloud: AwsCloud;
  readonly connector: ConnectorInput;
  readonly config: PlaceConfig & RoleConfig;
  readonly scope: AwsScope | undefined;
  readonly seconds: number;
}

/**
 * A session from whatever the source is, by what narrows best: the last role assumed carries the
 * policy; long-lived keys are exchanged, never handed on; temporary ones go on as they are.
 * Throws `SCOPE_UNSUPPORTED` where a policy is wanted and none of AWS's calls takes one.
 */
export async function sourceSession(source: Source, ask: SourceAsk): Promise<AwsSession> {
  const { cloud, config, connector, machine, signal, seconds } = ask;
  const region = sourceRegion(source, config, machine.env);
  const place = stsPlace({ ...config, region });
  const policy = sessionPolicy(ask.scope, config);
  const hops = [
    ...source.roles.map((role) => hopOf(role, connector.name)),
    ...hopsOf(config, connector.name),
  ];
  const obtain = async (): Promise<AwsSession> => {
    const { base } = source;
    if (base.kind === 'web-identity') {
      const last = hops.length === 0;
      const session = await cloud.sts.assumeRoleWithWebIdentity(
        {
          roleArn: base.roleArn,
          sessionName: base.sessionName ?? sessionNameOf(connector.name),
          token: await readIdentityToken(
            { token_file: base.tokenFile },
            { stored: {}, machine, caVariables: [], signal },
          ),
          seconds: last ? Math.min(seconds, ROLE_SECONDS.max) : CHAINED_SECONDS.min,
          policy: last ? policy : undefined,
        },
        place,
        signal,
      );
      if (last) return session;
      return await assumeChain(cloud, keysOf(session), hops, { policy, seconds, place, signal });
    }
    const found = needsCode(source)
      ? { keys: keysOf(codeSession(source, ask)), expiresAt: undefined }
      : await sourceKeys(base, ask);
    if (hops.length > 0) {
      return await assumeChain(cloud, found.keys, hops, { policy, seconds, place, signal });
    }
    if (found.keys.sessionToken !== undefined) {
      if (policy !== undefined) throw cannotNarrow(source);
      return await asItIs(found, source, place, ask);
    }
    if (policy === undefined) {
      return await cloud.sts.getSessionToken(found.keys, { seconds }, place, signal);
    }
    const name = sessionNameOf(connector.name, FEDERATED_NAME_MAX);
    return await cloud.sts.getFederationToken(found.keys, { name, seconds, policy }, place, signal);
  };
  return { ...(await obtain()), region };
}

/** The connector's own region, then the source's. */
export function sourceRegion(source: Source, config: PlaceConfig, env: Env): string | undefined {
  return config.region ?? source.region ?? regionFromEnv(env);
}

/** Does a role of the profile ask for an MFA code? */
export function needsCode(source: Source): boolean {
  return source.roles.some(({ mfaSerial }) => mfaSerial !== undefined);
}

function codeSession(source: Source, { connector, machine, loginHint }: SourceAsk): AwsSession {
  if (source.base.kind !== 'long-lived-keys') {
    throw new ValetkeyError('CONFIG_INVALID', {
      subject: source.origin,
      reason: 'AWS takes an MFA code with an IAM user’s own keys only, and these are temporary',
      hint: 'remove mfa_serial from the profile',
    });
  }
  if (connector.login?.['aws_access_key_id'] === undefined) {
    throw new ValetkeyError('LOGIN_REQUIRED', { hint: loginHint });
  }
  return loggedIn(connector, machine.clock.now());
}

/** Temporary keys that nothing is made of: who they are is asked, when they end must be known. */
async function asItIs(
  { keys, expiresAt }: TimedKeys,
  source: Source,
  place: StsPlace,
  { cloud, machine, signal }: SourceAsk,
): Promise<AwsSession> {
  mustBeTemporary(keys, source.origin);
  if (expiresAt === undefined) throw endUnknown(source.origin);
  const now = machine.clock.now();
  if (expiresAt <= now) {
    throw new ValetkeyError('CREDENTIAL_EXPIRED', { subject: source.origin });
  }
  const identity = await cloud.sts.getCallerIdentity(keys, place, signal);
  return {
    kind: 'aws-session',
    accessKeyId: keys.accessKeyId,
    secretAccessKey: keys.secretAccessKey.reveal(),
    sessionToken: keys.sessionToken?.reveal() ?? '',
    issuedAt: now,
    expiresAt,
    accountId: identity.accountId,
    principalArn: identity.arn,
  };
}

function hopOf(role: ProfileRole, connector: string): RoleHop {
  const { roleArn, externalId } = role;
  return { roleArn, sessionName: role.sessionName ?? sessionNameOf(connector), externalId };
}

/** An expiry must never be guessed: a credential that is served after it fails in its user's hands. */
export function endUnknown(origin: string): ValetkeyError {
  return new ValetkeyError('CONFIG_INVALID', {
    subject: origin,
    reason: 'its keys are temporary and do not say when they expire',
    hint: 'set AWS_CREDENTIAL_EXPIRATION beside them, or use what obtained them: a role, an SSO session or a credential_process',
  });
}

function cannotNarrow({ origin }: Source): ValetkeyError {
  return new ValetkeyError('SCOPE_UNSUPPORTED', {
    reason: `${origin} yields temporary keys, and AWS narrows those only by assuming a role`,
    hint: 'set role_arn to a role that they may assume, or hand them on whole with as_is and --allow-unscoped',
  });
}
