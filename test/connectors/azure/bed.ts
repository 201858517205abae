import { generateKeyPairSync } from 'node:crypto';
import { inspect } from 'node:util';

import type { AzureCloud, AzureScope } from '../../../src/connectors/azure/cloud.ts';
import azure from '../../../src/connectors/azure/index.ts';
import type {
  AuthMethod,
  ConnectorInput,
  LoginResult,
  Machine,
} from '../../../src/connectors/contract.ts';
import { ofKind, type AccessToken } from '../../../src/core/credential.ts';
import { ValetkeyError } from '../../../src/core/errors.ts';
import { secret, type Secret } from '../../../src/core/secret.ts';
import type { App, ClientSecret } from '../../../src/stand-ins/azure/apps.ts';
import type { Tenant } from '../../../src/stand-ins/azure/directory.ts';
import type { AzureStandIn } from '../../../src/stand-ins/azure/server.ts';
import type { User } from '../../../src/stand-ins/azure/users.ts';
import { certificate } from '../../../src/stand-ins/google/certificate.ts';
import { testAzure } from '../../support/azure.ts';
import type { FakeClock } from '../../support/fake-clock.ts';

export const ARM = 'https://management.azure.com/';
export const STORAGE = 'https://storage.azure.com';

/** One directory with an application and a person, and a machine that sees the stand-in as Azure, by one clock. */
export interface Bed {
  readonly azure: AzureStandIn;
  readonly clock: FakeClock;
  readonly tenant: Tenant;
  readonly app: App;
  readonly person: User;
  /** A token that the application's federated credential takes. */
  federatedToken(): string;
  readonly clientSecret: ClientSecret;
  readonly machine: Machine;
  readonly cloud: AzureCloud;
  /** Attributes of any of the application's connectors. */
  readonly appConfig: { readonly tenant_id: string; readonly client_id: string };
}

export async function openBed(
  more: { readonly env?: Machine['env']; readonly allow?: readonly string[] } = {},
): Promise<Bed> {
  const { azure: world, clock, tenant, app, person, federatedToken } = await testAzure();
  const machine: Machine = {
    clock,
    env: { ...world.variables, ...more.env },
    implicit: { allow: more.allow ?? [] },
  };
  return {
    azure: world,
    clock,
    tenant,
    app,
    person,
    federatedToken,
    clientSecret: app.addSecret(),
    machine,
    cloud: cloudOf(machine),
    appConfig: { tenant_id: tenant.id, client_id: app.clientId },
  };
}

/** The same bed, whose machine has other variables or another policy. */
export function onMachine(
  bed: Bed,
  { env = {}, allow = [] }: { readonly env?: Machine['env']; readonly allow?: readonly string[] },
): Bed {
  const machine = { ...bed.machine, env: { ...bed.machine.env, ...env }, implicit: { allow } };
  return { ...bed, machine, cloud: cloudOf(machine) };
}

export function cloudOf(machine: Machine): AzureCloud {
  return azure.connect(machine) as AzureCloud;
}

export interface Ask {
  readonly config?: Readonly<Record<string, unknown>>;
  readonly secret?: Readonly<Record<string, string>>;
  readonly login?: Readonly<Record<string, Secret>> | undefined;
  readonly scope?: AzureScope | undefined;
  readonly scopes?: readonly string[] | undefined;
  readonly expiresAt?: number | undefined;
  readonly signal?: AbortSignal;
  readonly saveLogin?: (result: LoginResult) => Promise<void>;
}

/** What a method issues, registered as a person would: what the secret tells is in its configuration. */
export async function issueBy(name: string, bed: Bed, ask: Ask): Promise<AccessToken> {
  const { method, input } = prepared(name, bed, ask);
  const issued = await method.issue({ ...input, scope: ask.scope, scopes: ask.scopes });
  return ofKind(issued, 'access-token');
}

export function prepared(name: string, { cloud, machine }: Bed, ask: Ask) {
  const method = methodOf(name);
  const fields = hidden(ask.secret ?? {});
  const told = method.complete?.(ask.config ?? {}, fields) ?? {};
  const config = method.config.parse({ ...told, ...ask.config });
  const connector: ConnectorInput = {
    name: 'azure-dev',
    config,
    secret: fields,
    login: ask.login,
    expiresAt: ask.expiresAt,
  };
  const input = {
    connector,
    config,
    seconds: method.lifetime?.default ?? 0,
    cloud,
    machine,
    signal: ask.signal ?? new AbortController().signal,
    saveLogin: ask.saveLogin ?? (async () => {}),
  };
  return { method, input };
}

export function methodOf(name: string): AuthMethod {
  const method = azure.authMethods[name];
  if (method === undefined) throw new Error(`there is no method ${name}`);
  return method;
}

function hidden(fields: Readonly<Record<string, string>>): Record<string, Secret> {
  return Object.fromEntries(Object.entries(fields).map(([name, text]) => [name, secret(text)]));
}

/** How many requests reached Azure. */
export function total({ azure: { calls } }: Bed): number {
  return Object.values(calls.all()).reduce((sum, count) => sum + count, 0);
}

/** The error of something that must fail with one of ours. */
export async function failureOf(work: Promise<unknown>): Promise<ValetkeyError> {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof ValetkeyError) return error;
  throw new Error(`this is none of our errors: ${inspect(error)}`);
}

/** Everything that a log could show of an error, its causes included. */
export function allOf(error: unknown): string {
  return `${String(error)} ${JSON.stringify(error)} ${inspect(error, { depth: 10, showHidden: true })}`;
}

/** A private key and a certificate on it, PEM: good from a day before `now` (ms) to a year after. */
export function certified(now: number, name = 'robot') {
  const pair = generateKeyPairSync('rsa', { modulusLength: 2048 });
  return {
    key: String(pair.privateKey.export({ type: 'pkcs8', format: 'pem' })),
    certificate: certificate(pair, name, now),
    pair,
  };
}

/** The lines between a PEM's first and last. */
export function bodyOf(pem: string): readonly string[] {
  return pem.trim().split('\n').slice(1, -1);
}

/** The claims of a JWT, unverified. */
export function claimsOf(jwt: string): Record<string, unknown> {
  const [, payload = ''] = jwt.split('.');
  return JSON.parse(Buffer.from(payload, 'base64url').toString('utf8')) as Record<string, unknown>;
}
