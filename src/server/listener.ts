import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

import type { Clock } from '../core/clock.ts';
import type { Connection } from '../endpoints/contract.ts';
import { type Bound, type ListenTarget, peerAllowed } from './address.ts';
import { bind } from './bind.ts';
import { createConnections, type LookupPeer } from './connections.ts';
import { parserStatus, replyRaw } from './raw-replies.ts';
import { tickShape } from './tick-shape.ts';

export interface ListenerLimits {
  /** Bytes of request line and headers. */
  readonly headerBytes: number;
  /** ms from the first byte (or the connect) to the last header. */
  readonly headerMs: number;
  /** ms for a whole request with its body. */
  readonly requestMs: number;
  /** ms an idle connection is kept. Clients keep theirs up to 90 s (Go); ours must be the longer. */
  readonly keepAliveMs: number;
  readonly connections: number;
}

export const LIMITS: ListenerLimits = {
  headerBytes: 16_384,
  headerMs: 8_000,
  requestMs: 20_000,
  keepAliveMs: 100_000,
  connections: 1024,
};

/** How often timeouts are looked for, ms: what `headerMs` is exceeded by at most. */
const CHECK_MS = 1_000;

/** Answers one request. `connection` is the same object for all requests of a connection. */
export type Handler = (
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  connection: Connection,
) => void;

export interface ListenerOptions {
  readonly target: ListenTarget;
  /** The listener's own name in the configuration. */
  readonly name: string;
  readonly clock: Pick<Clock, 'sleep'>;
  readonly lookupPeer: LookupPeer;
  readonly limits?: Partial<ListenerLimits>;
  /** Called once, when the address is known. */
  serve(bound: Bound): {
    readonly handle: Handler;
    /** Told of what was refused before there was a request. */
    readonly refused: (connection: Connection | undefined, why: string, status: number) => void;
  };
}

export interface OpenListener {
  /** Literal IP address or socket path. */
  readonly address: string;
  /** 0 for a unix socket. */
  readonly port: number;
  /** Accepts nothing more, lets requests in progress finish for so long, then cuts them off. */
  close(deadlineMs: number): Promise<void>;
}

/** Opens one socket and serves HTTP/1.1 on it. Throws what `bind` throws. */
export async function openListener(options: ListenerOptions): Promise<OpenListener> {
  const limits = { ...LIMITS, ...options.limits };
  const server = createServer({
    maxHeaderSize: limits.headerBytes,
    headersTimeout: limits.headerMs,
    requestTimeout: limits.requestMs,
    keepAliveTimeout: limits.keepAliveMs,
    connectionsCheckingInterval: Math.min(CHECK_MS, limits.headerMs),
    insecureHTTPParser: false,
    // The guard answers in the protocol's own shape.
    requireHostHeader: false,
  });
  // Beyond this number Node drops headers unseen: none may hide from the guard. Bytes are bounded.
  server.maxHeadersCount = 0;

  const shapes = [await tickShape()];
  const bound = await bind(server, options.target);
  const { handle, refused } = serveOrClose(server, () => options.serve(bound));
  const connections = createConnections(limits.connections, options.name, options.lookupPeer);

  server.on('connection', (socket: Socket) => {
    if (bound.kind === 'tcp' && !peerAllowed(socket.localAddress, socket.remoteAddress)) {
      refused(undefined, `peer ${socket.remoteAddress ?? 'unknown'} of another machine`, 403);
      socket.destroy();
    } else if (connections.open(socket) === undefined) {
      refused(undefined, 'too many connections, all of them busy', 503);
      socket.destroy();
    }
  });

  server.on('request', (incoming: IncomingMessage, outgoing: ServerResponse) => {
    const open = connections.of(incoming.socket);
    if (open === undefined || incoming.socket.destroyed) {
      incoming.socket.destroy();
      return;
    }
    if (!connections.busy(open, outgoing)) {
      refused(open.connection, 'too many requests before the first is answered', 429);
      incoming.socket.destroy();
      return;
    }
    handle(incoming, outgoing, open.connection);
  });

  // `Expect` other than 100-continue, which Node answers by itself. RFC 9110 section 10.1.1.
  server.on('checkExpectation', (_incoming: IncomingMessage, outgoing: ServerResponse) => {
    outgoing.writeHead(417, { 'Content-Length': 0, 'Cache-Control': 'no-store' }).end();
  });

  // Running out of file descriptors must not end the daemon.
  server.on('error', (error: NodeJS.ErrnoException) =>
    refused(undefined, `cannot accept: ${error.code ?? 'unknown'}`, 503),
  );

  server.on('connect', (incoming: IncomingMessage) => {
    const { socket } = incoming;
    refused(connections.of(socket)?.connection, 'method "CONNECT"', 405);
    replyRaw(socket, 405, { Allow: 'GET, HEAD, PUT, POST' });
  });

  server.on('clientError', (error: NodeJS.ErrnoException, socket: Socket) => {
    // Told already: these are the bytes that are read and dropped behind the reply.
    if (socket.writableEnded) return;
    const open = connections.of(socket);
    // Nobody is there, or another answer is half sent: words in the middle of it would be part of it.
    const half = open?.response?.headersSent === true && !open.response.writableFinished;
    if (error.code === 'ECONNRESET' || !socket.writable || half) {
      socket.destroy();
      return;
    }
    const status = parserStatus(error.code);
    refused(open?.connection, `not HTTP: ${error.code ?? 'unknown'}`, status);
    replyRaw(socket, status);
  });

  return {
    address: bound.address,
    port: bound.port,
    async close(deadlineMs) {
      const closed = once(server, 'close');
      const deadline = new AbortController();
      server.close();
      connections.drain();
      await Promise.race([closed, options.clock.sleep(deadlineMs, deadline.signal).catch(noop)]);
      deadline.abort();
      connections.destroy();
      await closed;
      shapes.length = 0;
    },
  };
}

/** A listener that cannot be served is not left open. */
function serveOrClose<T>(server: Server, serve: () => T): T {
  try {
    return serve();
  } catch (error) {
    server.close();
    throw error;
  }
}

function noop(): void {}
