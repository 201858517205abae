import { createServer, type IncomingHttpHeaders } from 'node:http';

import { onTestFinished } from 'vitest';

export interface Seen {
  readonly line: string;
  readonly headers: IncomingHttpHeaders;
}

export interface LocalServer {
  readonly url: string;
  readonly seen: readonly Seen[];
}

/** `undefined` = never answered. */
export type Answer = { readonly status?: number; readonly body?: string } | undefined;

/** A server on loopback that answers as told and remembers what it was asked; gone with the test. */
export async function localServer(answer: (seen: Seen) => Answer): Promise<LocalServer> {
  const seen: Seen[] = [];
  const server = createServer((request, response) => {
    const entry = { line: `${request.method} ${request.url}`, headers: request.headers };
    seen.push(entry);
    const reply = answer(entry);
    if (reply === undefined) return;
    response.writeHead(reply.status ?? 200).end(reply.body ?? '');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('it does not listen');
  return { url: `http://127.0.0.1:${address.port}`, seen };
}
