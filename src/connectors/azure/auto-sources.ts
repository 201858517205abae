import { isAbsolute, join } from 'node:path';

import { toValetkeyError, withSubject } from '../../core/errors.ts';
import { secret, type Secret } from '../../core/secret.ts';
import type { AutoConfigureInput, Machine } from '../contract.ts';
import { certificateFile } from './ambient.ts';
import { azLogin } from './az-profile.ts';
import type { AzureCloud } from './cloud.ts';
import { armAudience, ENVIRONMENTS } from './environments.ts';
import { namesManagedIdentity } from './identity-source.ts';
import { placeOf } from './place.ts';

type Input = AutoConfigureInput<AzureCloud>;

/** An identity that was found on the machine. */
export interface Found {
  /** The auth method that is made of it. */
  readonly method:
    | 'service-principal'
    | 'client-certificate'
    | 'federated-token'
    | 'managed-identity'
    | 'az';
  /** Facts, by the names of the methods' fields; undefined ones are unknown. */
  readonly config: Readonly<Record<string, unknown>>;
  readonly secret: Readonly<Record<string, Secret>>;
  readonly origin: string;
  /** Is it a person's login? */
  readonly person: boolean;
  readonly notes: readonly string[];
}

type Look = (input: Input, seen: string[]) => Promise<Found | undefined>;

/**
 * What Microsoft's libraries would use here, in their order: a service principal or a workload identity
 * of variables, the machine's managed identity, the Azure CLI's login. What was looked at in vain is
 * added to `seen`. Throws `CONFIG_*`, `SECRET_MISSING` for a file that is named or there and broken.
 * https://learn.microsoft.com/azure/developer/javascript/sdk/authentication/credential-chains
 */
export async function* sources(input: Input, seen: string[]): AsyncGenerator<Found> {
  // One after the other: what comes later is not asked when it is not wanted.
  for (const look of LOOKS) {
    const found = await look(input, seen);
    if (found !== undefined) yield found;
  }
}

/** The methods that any of them can become are asked of all. */
const LOOKS: readonly Look[] = [
  async ({ machine: { env } }, seen) => {
    const value = textIn(env, 'AZURE_CLIENT_SECRET');
    if (value === undefined || !appIn(env)) return missed('AZURE_CLIENT_SECRET', env, seen);
    return {
      method: 'service-principal',
      config: appConfig(env),
      secret: { client_secret: secret(value) },
      origin: 'AZURE_CLIENT_SECRET',
      person: false,
      notes: [],
    };
  },

  async ({ machine: { env }, signal }, seen) => {
    const variable = 'AZURE_CLIENT_CERTIFICATE_PATH';
    const path = textIn(env, variable);
    if (path === undefined || !appIn(env)) return missed(variable, env, seen);
    const password = textIn(env, 'AZURE_CLIENT_CERTIFICATE_PASSWORD');
    const chain = /^(?:1|true)$/i.test(env['AZURE_CLIENT_SEND_CERTIFICATE_CHAIN'] ?? '');
    return {
      method: 'client-certificate',
      config: { ...appConfig(env), ...(chain ? { send_chain: true } : {}) },
      secret: {
        client_certificate: await certificateFile(absolute(path, env), signal),
        ...(password === undefined ? {} : { client_certificate_password: secret(password) }),
      },
      origin: `${variable}, ${path}`,
      person: false,
      notes: ['The certificate and its key are copied into the store; the file can go.'],
    };
  },

  async ({ machine: { env } }, seen) => {
    const variable = 'AZURE_FEDERATED_TOKEN_FILE';
    const path = textIn(env, variable);
    if (path === undefined || !appIn(env)) return missed(variable, env, seen);
    return {
      method: 'federated-token',
      config: { ...appConfig(env), token_file: absolute(path, env) },
      secret: {},
      origin: `${variable}, ${path}`,
      person: false,
      notes: ['Nothing is stored; the daemon reads the file each time, and must be able to.'],
    };
  },

  ofMachine,

  async ({ machine: { env }, signal }, seen) => {
    const login = await azLogin(env, signal);
    if (login === undefined) {
      seen.push('the Azure CLI (nobody is logged in)');
      return undefined;
    }
    if (login.ofMachine) {
      // By an endpoint that was looked at already, or one of ours: what that gives is nobody's own.
      seen.push('the Azure CLI (it is logged in by a managed identity)');
      return undefined;
    }
    const { name, person, tenantId, subscriptionId, environment, shown } = login;
    return {
      method: 'az',
      config: {
        ...placeConfig(env),
        tenant_id: tenantId,
        // A person's client id is that of the program, here az.
        client_id: person ? undefined : name,
        subscription_id: subscriptionId,
        environment: environment === 'public' ? undefined : environment,
      },
      secret: {},
      origin: `the Azure CLI’s login of ${name}, ${shown}`,
      person,
      notes: [],
    };
  },
];

/** By a token of it, which tells whose it is. A service that is not there, or a daemon like this one, is none. */
async function ofMachine(
  { cloud, machine: { env }, given, signal }: Input,
  seen: string[],
): Promise<Found | undefined> {
  const origin = 'the machine’s managed identity';
  const clientId = given['client_id'] ?? textIn(env, 'AZURE_CLIENT_ID');
  const { environment } = placeOf({ ...placeConfig(env), ...given });
  try {
    const selector = clientId === undefined ? {} : { clientId };
    const audience = armAudience(environment);
    const { claims } = await cloud.entra.managedIdentity(selector, audience, signal);
    return {
      method: 'managed-identity',
      config: {
        environment: environment === 'public' ? undefined : environment,
        tenant_id: claims.tenantId,
        client_id: claims.clientId ?? clientId,
        object_id: claims.objectId,
        subscription_id: textIn(env, 'AZURE_SUBSCRIPTION_ID'),
      },
      secret: {},
      origin,
      person: false,
      notes: namesManagedIdentity(env)
        ? ['The daemon needs the same variables (IDENTITY_ENDPOINT and its like).']
        : [],
    };
  } catch (error) {
    signal.throwIfAborted();
    const { code, reason } = toValetkeyError(error);
    if (code === 'INTERNAL') throw withSubject(error, origin);
    seen.push(`${origin} (${reason ?? 'it does not answer'})`);
    return undefined;
  }
}

function missed(variable: string, env: Machine['env'], seen: string[]): undefined {
  const why = textIn(env, variable) === undefined ? 'not set' : 'without tenant or client id';
  seen.push(`${variable} (${why})`);
}

function appIn(env: Machine['env']): boolean {
  return (
    textIn(env, 'AZURE_TENANT_ID') !== undefined && textIn(env, 'AZURE_CLIENT_ID') !== undefined
  );
}

function appConfig(env: Machine['env']): Readonly<Record<string, unknown>> {
  return {
    ...placeConfig(env),
    tenant_id: textIn(env, 'AZURE_TENANT_ID'),
    client_id: textIn(env, 'AZURE_CLIENT_ID'),
    subscription_id: textIn(env, 'AZURE_SUBSCRIPTION_ID'),
  };
}

/** The daemon need not have the person's variables. */
function placeConfig(env: Machine['env']): Readonly<Record<string, unknown>> {
  const host = textIn(env, 'AZURE_AUTHORITY_HOST')?.replace(/\/+$/, '');
  if (host === undefined) return {};
  const known = (['public', 'us-government', 'china'] as const).find(
    (one) => URL.parse(ENVIRONMENTS[one].authorityHost)?.origin === URL.parse(host)?.origin,
  );
  if (known === undefined) return { authority_host: host };
  return known === 'public' ? {} : { environment: known };
}

/** Relative to where the variables' owner is, which need not be where this process is. */
function absolute(path: string, env: Machine['env']): string {
  return isAbsolute(path) ? path : join(env['PWD'] ?? '', path);
}

function textIn(env: Machine['env'], name: string): string | undefined {
  const text = env[name];
  return text === '' ? undefined : text;
}
