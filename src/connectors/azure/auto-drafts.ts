import { ofKind } from '../../core/credential.ts';
import { toValetkeyError, ValetkeyError, withSubject } from '../../core/errors.ts';
import { secret, type Secret } from '../../core/secret.ts';
import type { AuthMethodSpec, AutoConfigureInput } from '../contract.ts';
import { checkedConfig } from '../fields/checked-config.ts';
import accessToken from './auth-methods/access-token.ts';
import clientCertificate from './auth-methods/client-certificate.ts';
import federatedToken from './auth-methods/federated-token.ts';
import implicit from './auth-methods/implicit.ts';
import managedIdentity from './auth-methods/managed-identity.ts';
import servicePrincipal from './auth-methods/service-principal.ts';
import userAccount from './auth-methods/user-account.ts';
import type { Found } from './auto-sources.ts';
import { azureCliToken } from './azure-cli.ts';
import type { AzureCloud, AzureScope } from './cloud.ts';
import { armAudience } from './environments.ts';
import { placeOf } from './place.ts';

type Input = AutoConfigureInput<AzureCloud>;
type Method = AuthMethodSpec<AzureCloud, AzureScope>;

/** A connector, checked by its method's schemas. */
export interface Draft {
  readonly method: string;
  readonly config: Readonly<Record<string, unknown>>;
  readonly secret: Readonly<Record<string, Secret>>;
  /** Ms since the epoch. */
  readonly expiresAt?: number | undefined;
  readonly notes: readonly string[];
}

/** What a method makes of something found; `undefined` where the two do not fit. */
type Drafter = (found: Found, input: Input) => Draft | undefined | Promise<Draft | undefined>;

const ALLOW =
  'policy.implicit.allow in config.yaml must list the identity’s object id, client id or user name.';

const DRAFTERS: Readonly<Record<string, Drafter>> = {
  'service-principal': ofSame(servicePrincipal),
  'client-certificate': ofSame(clientCertificate),
  'federated-token': ofSame(federatedToken),
  'managed-identity': ofSame(managedIdentity, [ALLOW]),

  'user-account': (found, input) => {
    if (!found.person) return undefined;
    const notes = [
      'Nothing of az’s is copied: the person logs in once more, for this connector alone.',
      'Register it with --no-verify, then run: valetkey connector login <its name>',
    ];
    return draft(userAccount, found.config, {}, { input, notes });
  },

  implicit: (found, input) => {
    const { send_chain: _chain, token_file: _file, ...config } = found.config;
    const notes = ['Nothing is stored; the daemon uses the identity of where it runs.', ALLOW];
    return draft(implicit, config, {}, { input, notes });
  },

  'access-token': snapshot,
};

/** The method that fits best, when none was asked for. */
export const usualDraft: Drafter = async (found, input) => {
  if (found.method !== 'az') return await drafterOf(found.method)(found, input);
  try {
    return await snapshot(found, input);
  } catch (error) {
    input.signal.throwIfAborted();
    // Without the program there is its login all the same.
    const { code } = toValetkeyError(error);
    const login = code === 'SECRET_MISSING' ? DRAFTERS['user-account']?.(found, input) : undefined;
    if (login === undefined) throw error;
    return await login;
  }
};

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

function ofSame(method: Method, notes: readonly string[] = []): Drafter {
  return (found, input) =>
    found.method === method.kind
      ? draft(method, found.config, found.secret, { input, notes, origin: found.origin })
      : undefined;
}

/** One token as it is, for as long as it lasts. */
async function snapshot(found: Found, input: Input): Promise<Draft> {
  const { token, expiresAt } = await tokenOf(found, input);
  const until = new Date(expiresAt).toISOString();
  const notes = [
    `One token is stored, for one audience. It ends at ${until} and will not be renewed.`,
    ...(found.person
      ? ['For a login that lasts, ask for --auth-method user-account with --no-verify.']
      : []),
  ];
  const known = new Set(Object.keys(accessToken.config.shape));
  const config = Object.fromEntries(
    Object.entries(found.config).filter(([field]) => known.has(field)),
  );
  return { ...draft(accessToken, config, { token }, { input, notes }), expiresAt };
}

async function tokenOf(
  found: Found,
  input: Input,
): Promise<{ readonly token: Secret; readonly expiresAt: number }> {
  const { cloud, machine, given, signal } = input;
  const { environment } = placeOf({ ...found.config, ...given });
  const audience = given['audience'] ?? armAudience(environment);
  if (found.method === 'az') return await azureCliToken(audience, machine, signal);
  const { audience: _asked, ...rest } = given;
  const made = await drafterOf(found.method)(found, { ...input, given: rest });
  const method = METHODS[found.method];
  if (made === undefined) throw new ValetkeyError('INTERNAL', { subject: found.origin });
  const facts = { config: made.config, login: undefined, expiresAt: undefined };
  try {
    const issued = await method.issue({
      connector: { name: 'auto-configure', secret: made.secret, ...facts },
      config: made.config,
      scope: { audiences: [audience] },
      seconds: 0,
      cloud,
      machine,
      signal,
      saveLogin: async () => {},
    });
    const { token, expiresAt } = ofKind(issued, 'access-token');
    return { token: secret(token), expiresAt };
  } catch (error) {
    signal.throwIfAborted();
    throw withSubject(error, found.origin);
  }
}

const METHODS: Readonly<Record<Exclude<Found['method'], 'az'>, Method>> = {
  'service-principal': servicePrincipal,
  'client-certificate': clientCertificate,
  'federated-token': federatedToken,
  'managed-identity': managedIdentity,
};

/** What was given wins; what is wrong with the secret is said of where it was found. */
function draft(
  method: Method,
  found: Found['config'],
  kept: Found['secret'],
  {
    input: { given },
    notes,
    origin,
  }: { readonly input: Input; readonly notes: readonly string[]; readonly origin?: string },
): Draft {
  const whole = Object.fromEntries(
    Object.entries({ ...found, ...given }).filter(([, value]) => value !== undefined),
  );
  const config: Readonly<Record<string, unknown>> = checkedConfig(method, whole);
  try {
    const told = Object.entries(method.complete?.(config, kept) ?? {});
    const facts = Object.fromEntries(told.filter(([, value]) => value !== undefined));
    return { method: method.kind, config: { ...facts, ...config }, secret: kept, notes };
  } catch (error) {
    const { code, subject, reason, hint, cause } = toValetkeyError(error);
    if (origin === undefined || code !== 'INPUT_INVALID') throw error;
    throw new ValetkeyError(code, {
      subject: origin,
      reason: [subject, reason].filter((part) => part !== undefined).join(': '),
      ...(hint === undefined ? {} : { hint }),
      cause,
    });
  }
}
