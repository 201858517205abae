import { createServer } from 'node:net';
import { inspect } from 'node:util';
import { onTestFinished } from 'vitest';

import type {
  AuthMethod,
  ConnectorInput,
  LoginResult,
  Machine,
} from '../../../src/connectors/contract.ts';
import type { GcpCloud, GcpScope } from '../../../src/connectors/gcp/cloud.ts';
import { createGoogleAuth } from '../../../src/connectors/gcp/google-auth.ts';
import gcp from '../../../src/connectors/gcp/index.ts';
import { createStorage } from '../../../src/connectors/gcp/storage.ts';
import type { AccessToken, IdToken } from '../../../src/core/credential.ts';
import { ofKind } from '../../../src/core/credential.ts';
import { ValetkeyError } from '../../../src/core/errors.ts';
import { secret, type Secret } from '../../../src/core/secret.ts';
import { openGoogle, type TestGoogle } from '../../support/google.ts';

export interface Bed extends TestGoogle {
  readonly machine: Machine;
  readonly cloud: GcpCloud;
}

/** A stand-in of Google and a machine that sees it as Google, by one clock; gone with the test. */
export async function openBed(env: Record<string, string | undefined> = {}): Promise<Bed> {
  const world = await openGoogle();
  onTestFinished(() => world.google.stop());
  const machine: Machine = {
    clock: world.clock,
    env: { ...world.env, ...env },
    implicit: { allow: [] },
  };
  return { ...world, machine, cloud: cloudOf(machine) };
}

export function cloudOf(machine: Machine): GcpCloud {
  return { auth: createGoogleAuth(machine), storage: createStorage(machine) };
}

export interface Ask {
  readonly config?: Readonly<Record<string, unknown>>;
  readonly secret: Readonly<Record<string, string>>;
  readonly scope?: GcpScope | undefined;
  readonly scopes?: readonly string[] | undefined;
  readonly expiresAt?: number | undefined;
  readonly signal?: AbortSignal;
}

/** What a method issues, registered as a person would: what the secret tells is in its configuration. */
export async function issueBy(name: string, bed: Bed, ask: Ask): Promise<AccessToken> {
  const method = methodOf(name);
  const issued = await method.issue({
    ...inputOf(method, bed, ask),
    scope: ask.scope,
    scopes: ask.scopes,
  });
  return ofKind(issued, 'access-token');
}

export async function identityBy(
  name: string,
  bed: Bed,
  audience: string,
  ask: Ask,
): Promise<IdToken> {
  const method = methodOf(name);
  const issued = await method.issueIdToken?.({ ...inputOf(method, bed, ask), audience });
  if (issued === undefined) throw new Error(`${name} makes no identity tokens`);
  return issued;
}

export function methodOf(name: string): AuthMethod {
  const method = gcp.authMethods[name];
  if (method === undefined) throw new Error(`there is no method ${name}`);
  return method;
}

function inputOf(method: AuthMethod, { cloud, machine }: Bed, ask: Ask) {
  const config = method.config.parse(ask.config ?? {});
  return {
    connector: connectorOf({ config, secret: hidden(ask.secret), expiresAt: ask.expiresAt }),
    config,
    seconds: method.lifetime?.default ?? 0,
    cloud,
    machine,
    signal: ask.signal ?? never(),
    saveLogin: saveNothing,
  };
}

export function connectorOf(parts: Partial<ConnectorInput> = {}): ConnectorInput {
  return {
    name: 'gcp-dev',
    config: {},
    secret: {},
    login: undefined,
    expiresAt: undefined,
    ...parts,
  };
}

export function hidden(fields: Readonly<Record<string, string>>): Record<string, Secret> {
  return Object.fromEntries(Object.entries(fields).map(([name, text]) => [name, secret(text)]));
}

export const saveNothing: (result: LoginResult) => Promise<void> = async () => {};

export function never(): AbortSignal {
  return new AbortController().signal;
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

/** Somebody on this machine whom nobody should talk to. */
export async function stranger(): Promise<{ readonly url: string; connections(): number }> {
  let connections = 0;
  const server = createServer((socket) => {
    connections += 1;
    socket.destroy();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('it does not listen');
  return { url: `http://127.0.0.1:${address.port}`, connections: () => connections };
}

/** The claims of a JWT, unverified. */
export function claimsOf(jwt: string): Record<string, unknown> {
  const [, payload = ''] = jwt.split('.');
  return JSON.parse(Buffer.from(payload, 'base64url').toString('utf8')) as Record<string, unknown>;
}
