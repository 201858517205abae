import { readFile } from 'node:fs/promises';
import { randomBytes } from 'node:crypto';

import type { Config } from '../config/schema.ts';
import { lookup } from '../connectors/input.ts';
import { ValetkeyError } from '../core/errors.ts';
import type { Clock } from '../core/clock.ts';
import type { Events } from '../core/events.ts';
import type { Endpoint, EndpointContext } from '../endpoints/contract.ts';
import { ENDPOINTS } from '../endpoints/index.ts';
import { isErrno, writeFileAtomically } from '../files/atomic-write.ts';
import { parseListenTarget } from '../server/address.ts';
import { createApp } from '../server/app.ts';
import { openListener } from '../server/listener.ts';
import type { OpenListener } from '../server/listener.ts';
import type { LookupPeer } from '../workloads/peer.ts';

export interface ServedListener {
  /** As written in the configuration, for those that are. */
  readonly name: string;
  /** `http://127.0.0.1:PORT`; absent for a unix socket. */
  readonly baseUrl: string | undefined;
  readonly address: string;
  readonly endpoints: readonly string[];
  close(deadlineMs: number): Promise<void>;
}

export interface ListenOptions {
  readonly context: Omit<EndpointContext, 'refused'>;
  readonly events: Events;
  readonly clock: Clock;
  /** One for all listeners: it shares what it reads. */
  readonly lookupPeer: LookupPeer;
}

/** Opens one listener with the endpoints that belong there. Workloads know it by its `name`. */
export async function listen(
  { address, endpoints }: Config['listeners'][number],
  options: ListenOptions,
  name: string = address,
): Promise<ServedListener> {
  const chosen = endpointsFor(address, endpoints);
  const open = await openListener({
    target: parseListenTarget(address),
    name,
    clock: options.clock,
    lookupPeer: options.lookupPeer,
    serve: (bound) =>
      createApp({
        listener: name,
        bound,
        endpoints: chosen,
        context: options.context,
        events: options.events,
      }),
  });
  return {
    name,
    baseUrl: baseUrlOf(open),
    address: open.port === 0 ? open.address : `${hostOf(open)}:${open.port}`,
    endpoints: chosen.map(({ kind }) => kind),
    close: open.close,
  };
}

/** All or none: a listener that cannot open closes those opened before it. */
export async function listenAll(
  listeners: Config['listeners'],
  options: ListenOptions,
): Promise<readonly ServedListener[]> {
  const opened: ServedListener[] = [];
  try {
    for (const listener of listeners) opened.push(await listen(listener, options));
  } catch (error) {
    await Promise.all(opened.map((one) => one.close(0)));
    throw error;
  }
  return opened;
}

/** Named endpoints, or those whose own address this is, or every one that shares an ordinary listener. */
function endpointsFor(address: string, named: readonly string[] | undefined): readonly Endpoint[] {
  if (named !== undefined) return named.map((kind) => lookup(ENDPOINTS, kind, 'endpoint'));
  const target = parseListenTarget(address);
  const all = Object.values(ENDPOINTS);
  const own = target.kind === 'tcp' ? all.filter((one) => ownsAddress(one, target.address)) : [];
  if (own.length > 0) return own;
  const claimed = new Set<string>();
  return all.filter(({ paths }) => {
    const free = paths.every((path) => !claimed.has(path));
    if (free) for (const path of paths) claimed.add(path);
    return free;
  });
}

function ownsAddress({ address, hosts }: Endpoint, bound: string): boolean {
  return (
    address === bound ||
    (address !== undefined && hosts.some((host) => host === bound || host === `[${bound}]`))
  );
}

function hostOf({ address }: OpenListener): string {
  return address.includes(':') ? `[${address}]` : address;
}

function baseUrlOf(open: OpenListener): string | undefined {
  return open.port === 0 ? undefined : `http://${hostOf(open)}:${open.port}`;
}

/** 64 hex digits that stay the same for this installation; made on first use. */
export async function installationId(path: string): Promise<string> {
  try {
    const found = (await readFile(path, 'utf8')).trim();
    if (/^[0-9a-f]{64}$/.test(found)) return found;
  } catch (error) {
    if (!isErrno(error, 'ENOENT'))
      throw new ValetkeyError('CONFIG_UNREADABLE', { subject: path, cause: error });
  }
  const made = randomBytes(32).toString('hex');
  await writeFileAtomically(path, made, { mode: 0o600 });
  return made;
}
