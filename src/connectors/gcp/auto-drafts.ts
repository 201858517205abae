import { ofKind, type AccessToken } from '../../core/credential.ts';
import { ValetkeyError, withSubject } from '../../core/errors.ts';
import { secret, type Secret } from '../../core/secret.ts';
import type { AuthMethodSpec, AutoConfigureInput } from '../contract.ts';
import externalAccount from './auth-methods/external-account.ts';
import implicit from './auth-methods/implicit.ts';
import impersonation from './auth-methods/impersonation.ts';
import oauth2Token from './auth-methods/oauth2-token.ts';
import serviceAccount from './auth-methods/service-account.ts';
import userAccount from './auth-methods/user-account.ts';
import type { Found } from './auto-found.ts';
import { checkedConfig } from '../fields/checked-config.ts';
import type { GcpCloud, GcpScope } from './cloud.ts';

type Input = AutoConfigureInput<GcpCloud>;
type Fields = Readonly<Record<string, unknown>>;

/** A connector as it would be; `config` without what was given on the command line. */
export interface Draft {
  readonly method: AuthMethodSpec<GcpCloud, GcpScope>;
  readonly config: Fields;
  readonly secret: Readonly<Record<string, Secret>>;
  readonly expiresAt?: number | undefined;
  readonly notes: readonly string[];
  /** Attributes of the command line that were for finding it, and are not the connector's own. */
  readonly used?: readonly string[] | undefined;
}

/** `undefined`: this method cannot hold what was found. */
type Drafter = (found: Found, input: Input) => Draft | undefined | Promise<Draft | undefined>;

/** How each method would hold what was found. */
const DRAFTERS: Readonly<Record<string, Drafter>> = {
  'service-account': (found) => whole(found, serviceAccount, 'service_account_json', KEY_NOTES),
  'user-account': (found) => whole(found, userAccount, 'user_account_json', USER_NOTES),
  'external-account': (found) =>
    whole(found, externalAccount, 'external_account_json', FEDERATION_NOTES),
  impersonation: impersonated,
  implicit: daemonsOwn,
  'oauth2-token': snapshot,
};

const KEY_NOTES = [
  'The key is kept in the store; clients get tokens of one hour made with it.',
  'The file itself is left where it is: delete it when nothing else needs it.',
];
const USER_NOTES = [
  'The refresh token is kept in the store; clients get tokens of one hour that may do what the person may.',
];
const FEDERATION_NOTES = [
  'The configuration is kept in the store; the daemon reads the token it names and must be able to.',
];

function whole(
  found: Found,
  method: Draft['method'],
  field: string,
  notes: readonly string[],
): Draft | undefined {
  if (found.impersonated !== undefined || found.secret?.field !== field) return undefined;
  return { method, config: found.config, secret: { [field]: found.secret.json }, notes };
}

/** `target_principal` of the command line is impersonated after the source's own target. */
function impersonated({ impersonated: own, secret: kept, config }: Found, { given }: Input) {
  const asked = given['target_principal'];
  const target = asked ?? own?.target;
  if (target === undefined) return undefined;
  const before = asked === undefined ? [] : own === undefined ? [] : [own.target];
  const delegates = [...(own?.delegates ?? []), ...before];
  const { account_email: _email, quota_project: _quota, scopes: _scopes, ...rest } = config;
  return {
    method: impersonation,
    config: {
      ...rest,
      target_principal: target,
      ...(delegates.length === 0 ? {} : { delegates }),
      ...(kept === undefined ? { source: 'implicit' } : {}),
    },
    secret: kept === undefined ? {} : { [kept.field]: kept.json },
    notes: [
      kept === undefined
        ? 'Nothing is stored; the daemon’s own identity impersonates the account.'
        : 'What impersonates is kept in the store; clients get tokens of the account alone.',
    ],
  };
}

function daemonsOwn({ config, implicit: can }: Found): Draft | undefined {
  if (!can) return undefined;
  const { quota_project: _quota, ...rest } = config;
  return {
    method: implicit,
    config: rest,
    secret: {},
    notes: [
      'Nothing is stored; the daemon uses the identity of the machine it runs on.',
      'policy.implicit.allow in config.yaml must list the account’s e-mail.',
    ],
  };
}

/** One token of the source as it is, for as long as it lasts. */
async function snapshot(found: Found, input: Input): Promise<Draft | undefined> {
  const draft = await firstOf(found, input);
  if (draft === undefined) return undefined;
  const token = await tokenBy(draft, found, input);
  const { universe_domain, project_id } = draft.config;
  const until = new Date(token.expiresAt).toISOString();
  return {
    method: oauth2Token,
    config: {
      project_id,
      universe_domain,
      account_email: token.principal === '' ? undefined : token.principal,
      scopes: token.scopes.length === 0 ? undefined : token.scopes,
    },
    secret: { token: secret(token.token) },
    expiresAt: token.expiresAt,
    notes: [`One token of ${found.origin} is stored. It ends at ${until} and will not be renewed.`],
    used: Object.keys(draft.method.config.shape).filter(
      (field) => !Object.hasOwn(oauth2Token.config.shape, field),
    ),
  };
}

async function tokenBy(
  { method, config: own, secret: kept }: Draft,
  { origin }: Found,
  { given, cloud, machine, signal }: Input,
): Promise<AccessToken> {
  const config = checkedConfig(method, defined({ ...own, ...given }));
  method.complete?.(config, kept); // looks at the secret, too
  const seconds = (method.lifetimeOf?.(config) ?? method.lifetime)?.default ?? 0;
  const facts = { config, login: undefined, expiresAt: undefined };
  try {
    const issued = await method.issue({
      connector: { name: 'auto-configure', secret: kept, ...facts },
      config,
      scope: undefined,
      seconds,
      cloud,
      machine,
      signal,
      saveLogin: async () => {},
    });
    return ofKind(issued, 'access-token');
  } catch (error) {
    signal.throwIfAborted();
    throw withSubject(error, origin);
  }
}

/** Without what is not known. */
export function defined(fields: Fields): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}

/** The method that fits best, when none was asked for. */
export async function firstOf(found: Found, input: Input): Promise<Draft | undefined> {
  const wanted = input.given['target_principal'] ?? found.impersonated;
  const kinds =
    wanted === undefined
      ? ['service-account', 'user-account', 'external-account', 'implicit']
      : ['impersonation'];
  for (const kind of kinds) {
    const draft = await DRAFTERS[kind]?.(found, input);
    if (draft !== undefined) return draft;
  }
  return undefined;
}

/** Throws `INPUT_INVALID` for a method that there is not. */
export function drafterOf(kind: string): Drafter {
  const drafter = Object.hasOwn(DRAFTERS, kind) ? DRAFTERS[kind] : undefined;
  if (drafter !== undefined) return drafter;
  throw new ValetkeyError('INPUT_INVALID', {
    subject: 'auth_method',
    reason: `there is no auth method ‘${kind}’`,
    hint: `use one of: ${Object.keys(DRAFTERS).join(', ')}`,
  });
}
