import { createServer as createHttpServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { setTimeout as delay } from 'node:timers/promises';
import { createRecord } from '../google/record.ts';
import type { Calls, LogEntry } from '../google/record.ts';
import { createKeySource } from '../google/rsa-keys.ts';
import { answer, send } from './answer.ts';
import { armRoutes } from './arm/routes.ts';
import { blobRoutes } from './blob/blob-routes.ts';
import { containerRoutes } from './blob/container-routes.ts';
import { createDelegationKeys } from './blob/delegation-key.ts';
import type { DelegationKeys } from './blob/delegation-key.ts';
import { createBlobStore } from './blob/store.ts';
import type { BlobStore } from './blob/store.ts';
import type { BlobWorld } from './blob/world.ts';
import { createDirectory } from './directory.ts';
import type { Directory } from './directory.ts';
import { createDeviceCodes } from './entra/device-code.ts';
import type { DeviceCodes } from './entra/device-code.ts';
import { metadataRoutes } from './entra/metadata.ts';
import { tokenRoute } from './entra/token.ts';
import { createEstate } from './estate.ts';
import type { Estate } from './estate.ts';
import { createFaults } from './faults.ts';
import type { FaultRule, Faults } from './faults.ts';
import { createGrants } from './grants.ts';
import type { Grants } from './grants.ts';
import { createLifetimes } from './lifetimes.ts';
import { readRequest } from './request.ts';
import { findRoute } from './service.ts';
import type { Route, Visit } from './service.ts';
import { createTokens } from './tokens.ts';
import type { Tokens } from './tokens.ts';

/** Time, handed in: `now()` in ms since the epoch; `sleep` is for the slow fault alone. */
export interface StandInClock {
  now(): number;
  sleep(ms: number): Promise<void>;
}

export interface AzureStandInOptions {
  readonly clock?: StandInClock;
  readonly faults?: readonly FaultRule[];
  /** PEM; with it the stand-in speaks HTTPS, which Azure's own libraries insist on. */
  readonly tls?: { readonly key: string; readonly cert: string };
  /** Default 127.0.0.1. */
  readonly host?: string;
  /** Default: any free one. */
  readonly port?: number;
  /** Without `tls`: let plain HTTP pass for HTTPS where a SAS demands that. */
  readonly plainCountsAsTls?: boolean;
  /** Of the row of token lifetimes. */
  readonly seed?: number;
}

export interface AzureStandIn {
  /** `https://127.0.0.1:PORT`: authority, ARM, and before `/<account>` the blobs. */
  readonly url: string;
  /** What leads valetkey to the authority and to ARM, which tells where the accounts' blobs are. */
  readonly variables: Readonly<Record<string, string>>;
  /** Base of one account's blobs: what `VALETKEY_AZURE_BLOB_ENDPOINT` wants. */
  blobEndpoint(account: string): string;
  readonly directory: Pick<
    Directory,
    'addTenant' | 'addApp' | 'addUser' | 'resources' | 'refreshTokens'
  >;
  /** What people do with the codes on their screens. */
  readonly devices: Pick<DeviceCodes, 'confirm' | 'deny' | 'expire' | 'waiting'>;
  readonly estate: Estate;
  readonly grants: Grants;
  readonly blobs: Pick<BlobStore, 'add' | 'find' | 'remove' | 'list'>;
  readonly delegationKeys: Pick<DelegationKeys, 'revoke'>;
  readonly tokens: Pick<Tokens, 'issue' | 'find' | 'judge' | 'expire' | 'issued'>;
  readonly faults: Faults;
  readonly calls: Calls;
  readonly log: readonly LogEntry[];
  stop(): Promise<void>;
}

const SYSTEM_CLOCK: StandInClock = {
  now: () => Date.now(),
  sleep: async (ms) => {
    await delay(ms);
  },
};

/**
 * A small Azure on loopback: Entra's token endpoint, Resource Manager, and enough of Blob storage to
 * judge a token by, each refusing what Microsoft refuses. All state is in memory and starts empty.
 * It shares no code with what it judges.
 */
export async function startAzureStandIn(options: AzureStandInOptions = {}): Promise<AzureStandIn> {
  const clock = options.clock ?? SYSTEM_CLOCK;
  const host = options.host ?? '127.0.0.1';
  const now = (): number => clock.now();
  const directory = createDirectory(now);
  const lifetimes = createLifetimes(options.seed ?? 1);
  const tokens = createTokens(createKeySource(), lifetimes, now);
  const record = createRecord();
  let port = options.port ?? 0;
  const url = (): string => `${options.tls === undefined ? 'http' : 'https'}://${host}:${port}`;
  const world: BlobWorld = {
    directory,
    tokens,
    grants: createGrants(),
    estate: createEstate(),
    store: createBlobStore(now),
    delegationKeys: createDelegationKeys(),
    secure: options.tls !== undefined || options.plainCountsAsTls === true,
    url,
  };
  const devices = createDeviceCodes(world);
  const routes: readonly Route[] = [
    ...metadataRoutes(world),
    tokenRoute(world, devices),
    devices.route,
    ...armRoutes(world),
    ...containerRoutes(world),
    ...blobRoutes(world),
  ];
  const listener = (incoming: IncomingMessage, outgoing: ServerResponse): void => {
    void serve(incoming, outgoing);
  };
  const server =
    options.tls === undefined
      ? createHttpServer(listener)
      : createHttpsServer(options.tls, listener);
  const listen = (): Promise<void> =>
    new Promise((resolve, reject) => {
      server.once('error', reject).listen(port, host, () => {
        server.off('error', reject);
        resolve();
      });
    });
  const close = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  const faults = createFaults(options.faults ?? [], { down: close, up: listen });
  await listen();
  const address = server.address();
  if (typeof address === 'object' && address !== null) port = address.port;

  async function serve(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const request = await readRequest(incoming).catch(() => 'gone' as const);
    if (request === 'gone') return; // the client went away in the middle of its body
    if (request === undefined) {
      send(outgoing, { status: 413, headers: {}, body: '' }, now(), incoming.method);
      return;
    }
    const match = findRoute(routes, request);
    const operation =
      match === undefined ? 'unknown' : `${match.route.service}:${match.route.name(request)}`;
    record.arrived(operation);
    const fault = faults.next(operation);
    const visit: Visit = {
      now: now() + (fault?.kind === 'clock-skew' ? fault.milliseconds : 0),
    };
    const finish = (status: number, code?: string): void => {
      const { principal, scopes, target } = visit;
      record.answered({ at: now(), operation, principal, scopes, target, status, code });
    };
    if (fault?.kind === 'hang') return;
    if (fault?.kind === 'reset') {
      finish(0);
      incoming.socket.resetAndDestroy();
      return;
    }
    if (fault?.kind === 'slow') await clock.sleep(fault.milliseconds);
    const [reply, code] = await answer(match, request, visit, fault);
    finish(reply.status, code);
    send(outgoing, reply, visit.now, request.method);
  }

  return {
    url: url(),
    variables: {
      AZURE_AUTHORITY_HOST: url(),
      VALETKEY_AZURE_ARM_ENDPOINT: url(),
    },
    blobEndpoint: (account) => `${url()}/${account}`,
    directory,
    devices,
    estate: world.estate,
    grants: world.grants,
    blobs: world.store,
    delegationKeys: world.delegationKeys,
    tokens,
    faults,
    calls: record.calls,
    log: record.log,
    stop: close,
  };
}
