import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';

/** Longest a refused client may go on sending before its connection is cut, ms. */
const LINGER_MS = 500;

/** Statuses of what the parser refuses, by Node's error code. Everything else is 400. */
const PARSER_STATUS: Readonly<Record<string, number>> = {
  HPE_HEADER_OVERFLOW: 431,
  HPE_CHUNK_EXTENSIONS_OVERFLOW: 413,
  ERR_HTTP_REQUEST_TIMEOUT: 408,
};

export function parserStatus(code: string | undefined): number {
  return PARSER_STATUS[code ?? ''] ?? 400;
}

/**
 * A reply where there is no request object to answer. The connection is closed, but what the client
 * is still sending is read for a moment: a close with unread bytes is a reset that can overtake the
 * reply.
 */
export function replyRaw(
  socket: Socket,
  status: number,
  headers: Readonly<Record<string, string>> = {},
): void {
  if (!socket.writable) {
    socket.destroy();
    return;
  }
  const lines = Object.entries({
    Connection: 'close',
    'Cache-Control': 'no-store',
    'Content-Length': '0',
    ...headers,
  }).map(([name, value]) => `${name}: ${value}`);
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n${lines.join('\r\n')}\r\n\r\n`,
    'latin1',
  );
  linger(socket);
}

/** Reads and drops what still comes, then cuts the connection. */
function linger(socket: Socket): void {
  const cut = setTimeout(() => socket.destroy(), LINGER_MS);
  cut.unref();
  socket.once('close', () => clearTimeout(cut));
  socket.once('end', () => socket.destroySoon());
  socket.resume();
}
