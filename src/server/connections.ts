import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

import type { Peer, SocketEnds } from '../core/peer.ts';
import type { Connection } from '../endpoints/contract.ts';

/** What is kept for an open connection. */
export interface OpenConnection {
  readonly connection: Connection;
  readonly socket: Socket;
  /** The latest answer; those before it have been sent. */
  response: ServerResponse | undefined;
  /** Answers that wait behind another. */
  queued: number;
  /** Grows with each request of the listener: the smallest is the one idle for longest. */
  usedAt: number;
}

/**
 * Answers that may wait behind another, on one connection and in all. One read brings 1,400 short
 * requests, each of which is kept (14 KB) until its turn: a thousand clients that send and never read
 * took 4 GiB.
 */
const MOST_QUEUED = 64;
const MOST_QUEUED_IN_ALL = 1_024;

export type LookupPeer = (ends: SocketEnds, detail?: 'user') => Promise<Peer | undefined>;

export interface Connections {
  /** Starts to keep `socket`; makes room if need be. `undefined` when everybody is busy: drop it. */
  open(socket: Socket): OpenConnection | undefined;
  of(socket: Socket): OpenConnection | undefined;
  /** Notes that `response` is being worked on. False: too many are on this connection, drop it. */
  busy(open: OpenConnection, response: ServerResponse): boolean;
  size(): number;
  /** Ends what is idle now and everything else after its answer, and has what only waits answered. */
  drain(): void;
  destroy(): void;
}

/**
 * The open connections of one listener, at most `max`. Over that, the one idle for longest goes:
 * thousands of silent connections push each other out, while clients that ask are served.
 */
export function createConnections(
  max: number,
  listener: string,
  lookupPeer: LookupPeer,
): Connections {
  const kept = new Map<Socket, OpenConnection>();
  const closing = new AbortController();
  let uses = 0;
  let queued = 0;

  const isBusy = ({ response }: OpenConnection): boolean =>
    response !== undefined && !response.writableFinished && !response.destroyed;

  /** Not so a client that does not read its answer: it would keep its place for as long as it likes. */
  const isServed = (open: OpenConnection): boolean =>
    isBusy(open) && open.response?.writableEnded === false;

  const enqueue = (open: OpenConnection, more: number): void => {
    const before = open.queued;
    open.queued = Math.max(0, before + more);
    queued += open.queued - before;
  };

  const dropIdlest = (): boolean => {
    let idlest: OpenConnection | undefined;
    for (const open of kept.values()) {
      if (!isServed(open) && (idlest === undefined || open.usedAt < idlest.usedAt)) idlest = open;
    }
    if (idlest === undefined) return false;
    kept.delete(idlest.socket);
    idlest.socket.destroy();
    return true;
  };

  return {
    open(socket) {
      if (kept.size >= max && !dropIdlest()) return undefined;
      const open: OpenConnection = {
        connection: connectionOf(socket, listener, lookupPeer, closing.signal),
        socket,
        response: undefined,
        queued: 0,
        usedAt: (uses += 1),
      };
      kept.set(socket, open);
      socket.once('close', () => {
        kept.delete(socket);
        enqueue(open, -open.queued); // answers that never had their turn tell of no end
      });
      return open;
    },
    of: (socket) => kept.get(socket),
    busy(open, response) {
      if (isBusy(open)) {
        if (open.queued >= MOST_QUEUED || queued >= MOST_QUEUED_IN_ALL) return false;
        enqueue(open, 1);
        response.once('close', () => enqueue(open, -1));
      }
      open.response = response;
      open.usedAt = uses += 1;
      return true;
    },
    size: () => kept.size,
    drain() {
      for (const open of kept.values()) {
        const { response, socket } = open;
        if (response === undefined || !isBusy(open)) socket.destroy();
        else {
          if (!response.headersSent) response.shouldKeepAlive = false;
          response.once('close', () => socket.destroySoon());
        }
      }
      closing.abort();
    },
    destroy() {
      for (const socket of kept.keys()) socket.destroy();
    },
  };
}

function connectionOf(
  socket: Socket,
  listener: string,
  lookupPeer: LookupPeer,
  closing: AbortSignal,
): Connection {
  const { localAddress, localPort, remoteAddress, remotePort } = socket;
  let user: Promise<Peer | undefined> | undefined;
  let peer: Promise<Peer | undefined> | undefined;
  const look = (detail: 'user' | undefined): Promise<Peer | undefined> =>
    localAddress === undefined ||
    localPort === undefined ||
    remoteAddress === undefined ||
    remotePort === undefined
      ? Promise.resolve(undefined)
      : lookupPeer({ localAddress, localPort, remoteAddress, remotePort }, detail);
  return {
    listener,
    localAddress: localAddress ?? '',
    closing,
    peer: (detail) =>
      detail === 'user' ? (peer ?? (user ??= look('user'))) : (peer ??= look(undefined)),
  };
}
