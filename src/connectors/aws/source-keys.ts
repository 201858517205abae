import type { Secret } from '../../core/secret.ts';
import type { LoginResult, Machine } from '../contract.ts';
import type { AwsCloud } from './cloud.ts';
import { containerKeys } from './container-keys.ts';
import type { TimedKeys } from './credential-document.ts';
import { instanceKeys } from './instance-keys.ts';
import { processKeys } from './process-keys.ts';
import type { BaseSource, SsoSource } from './source.ts';
import { readCachedToken, writeCachedToken } from './sso-cache.ts';
import { ssoKeys } from './sso-session.ts';
import { loginOfToken, tokenOfLogin } from './sso-token.ts';

/** What obtaining keys may need. */
export interface KeysContext {
  readonly cloud: Pick<AwsCloud, 'sso' | 'sts'>;
  readonly machine: Machine;
  readonly signal: AbortSignal;
  /** What `connector login` left, if anything; it goes before the CLI's own sign-in. */
  readonly login: Readonly<Record<string, Secret>> | undefined;
  readonly saveLogin: (result: LoginResult) => Promise<void>;
  /** The command that signs in, for errors. */
  readonly loginHint: string;
}

/** A web identity has no keys of its own: its role's session is asked for with the policy in hand. */
export type KeyedSource = Exclude<BaseSource, { kind: 'web-identity' }>;

/** The source's keys as of now, with the expiry that their issuer states. */
export async function sourceKeys(source: KeyedSource, context: KeysContext): Promise<TimedKeys> {
  const { machine, signal } = context;
  if (source.kind === 'sso') return await signedInKeys(source, context);
  if (source.kind === 'process') return await processKeys(source.command, machine, signal);
  if (source.kind === 'container') return await containerKeys(source, machine, signal);
  if (source.kind === 'instance') return await instanceKeys(source, machine, signal);
  return { keys: source.keys, expiresAt: 'expiresAt' in source ? source.expiresAt : undefined };
}

async function signedInKeys(source: SsoSource, context: KeysContext): Promise<TimedKeys> {
  const { cloud, machine, signal, login, saveLogin, loginHint } = context;
  const own = tokenOfLogin(login);
  return await ssoKeys({
    cloud,
    machine,
    signal,
    permissionSet: source,
    token: own ?? (await readCachedToken(source, machine.env)),
    keep: async (token) =>
      own === undefined
        ? await writeCachedToken(source, token, machine.env)
        : await saveLogin(loginOfToken(token)),
    hint: loginHint,
  });
}
