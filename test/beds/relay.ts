import { once } from 'node:events';
import { connect, createServer, type Server } from 'node:net';

/** A TCP port of 127.0.0.1, the path of a unix socket, or to listen at: ADDRESS:PORT. */
export type Place = number | string;

/** Joins every connection that arrives at one place to the other, both ways. */
export async function startRelay(from: Place, to: Place): Promise<Server> {
  const server = createServer({ allowHalfOpen: true }, (near) => {
    const far =
      typeof to === 'number'
        ? connect({ port: to, host: '127.0.0.1', allowHalfOpen: true })
        : connect({ path: to, allowHalfOpen: true });
    near.pipe(far).pipe(near);
    // When one side breaks, so does the other: the peer must see what really happened.
    near.on('error', () => far.destroy()).on('close', () => far.destroy());
    far.on('error', () => near.resetAndDestroy());
  });
  const [, host, port] = /^([\d.]+):(\d+)$/.exec(String(from)) ?? [];
  if (typeof from === 'number') server.listen(from, '127.0.0.1');
  else if (port === undefined) server.listen(from);
  else server.listen(Number(port), host);
  await once(server, 'listening');
  return server;
}

const place = (word: string): Place => (/^\d+$/.test(word) ? Number(word) : word);

if (import.meta.main) {
  const [from = '', to = ''] = process.argv.slice(2);
  await startRelay(place(from), place(to));
  console.log('relaying');
}
