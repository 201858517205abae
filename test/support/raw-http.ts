import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

export interface RawReply {
  readonly status: number;
  /** Lower-case names; repeated ones joined with a line end, so that none goes unnoticed. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export type Place = { readonly port: number; readonly host?: string } | { readonly path: string };

/** A TCP client that sends exactly the bytes it is given and reads one reply at a time. */
export interface RawClient {
  readonly socket: Socket;
  send(bytes: string): void;
  /** The next reply; rejects when the connection ends before it is complete. */
  reply(options?: { readonly head?: boolean }): Promise<RawReply>;
  /** Resolves when the server has closed the connection. */
  closed(): Promise<void>;
  end(): void;
}

export async function rawClient(place: Place): Promise<RawClient> {
  const socket = connect({ host: '127.0.0.1', ...place });
  socket.on('error', () => undefined); // a reset is an end like any other here
  let received = '';
  let ended = false;
  let wake: (() => void) | undefined;
  socket.setEncoding('latin1');
  socket.on('data', (text: string) => {
    received += text;
    wake?.();
  });
  socket.on('close', () => {
    ended = true;
    wake?.();
  });
  await once(socket, 'connect');

  const complete = (head: boolean): RawReply | undefined => {
    const end = received.indexOf('\r\n\r\n');
    if (end === -1) return undefined;
    const [line = '', ...fields] = received.slice(0, end).split('\r\n');
    const status = Number(line.split(' ')[1]);
    const headers: Record<string, string> = {};
    for (const field of fields) {
      const name = field.slice(0, field.indexOf(':')).toLowerCase();
      const value = field.slice(field.indexOf(':') + 1).trim();
      headers[name] = name in headers ? `${headers[name]}\n${value}` : value;
    }
    const length = head || status === 100 ? 0 : Number(headers['content-length'] ?? 0);
    const body = received.slice(end + 4, end + 4 + length);
    if (body.length < length) return undefined;
    received = received.slice(end + 4 + length);
    return { status, headers, body: Buffer.from(body, 'latin1').toString('utf8') };
  };

  return {
    socket,
    send: (bytes) => void socket.write(bytes, 'latin1'),
    async reply({ head = false } = {}) {
      for (;;) {
        const reply = complete(head);
        if (reply !== undefined) return reply;
        if (ended) throw new Error(`connection ended after ${JSON.stringify(received)}`);
        await new Promise<void>((resolve) => (wake = resolve));
      }
    },
    async closed() {
      if (!ended) await new Promise<void>((resolve) => socket.once('close', () => resolve()));
    },
    end: () => void socket.destroy(),
  };
}

/** One request on a connection of its own. */
export async function exchange(place: Place, bytes: string): Promise<RawReply> {
  const client = await rawClient(place);
  try {
    client.send(bytes);
    return await client.reply({ head: bytes.startsWith('HEAD ') });
  } finally {
    client.end();
  }
}
