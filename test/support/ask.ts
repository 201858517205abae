import type { Connection, Endpoint } from '../../src/endpoints/contract.ts';
import type { World } from './endpoint-world.ts';
import { exchange, type RawReply } from './raw-http.ts';
import { served } from './served.ts';

export type HeaderList = readonly (readonly [name: string, value: string])[];

/** Asks one endpoint: `PUT /path`, headers in order and as often as given, and a body if there is one. */
export type Ask = (request: string, headers?: HeaderList, body?: string) => Promise<RawReply>;

export const CONNECTION: Connection = {
  listener: 'test-listener',
  localAddress: '127.0.0.1',
  peer: () => Promise.resolve(undefined),
};

/** In process, around no socket: what Hono would be given. */
async function askInProcess(world: World, endpoint: Endpoint): Promise<Ask> {
  const { app: load } = endpoint.routes({
    ...world.context,
    refused: ({ listener }, why, status) =>
      world.emit({ type: 'refused', at: world.clock.now(), listener, why, status }),
  });
  const app = await load();
  return async (request, headers = [], body) => {
    const [method = 'GET', target = '/'] = request.split(' ');
    const url = `http://127.0.0.1:9911${target}`;
    const response = await app.fetch(
      new Request(url, {
        method,
        headers: headers.map(([name, value]): [string, string] => [name, value]),
        ...(body === undefined ? {} : { body }),
      }),
      { connection: CONNECTION },
    );
    return {
      status: response.status,
      headers: Object.fromEntries(response.headers),
      body: await response.text(),
    };
  };
}

/** Over a real socket, byte for byte; `Host` is the listener's own unless given. */
export async function askOverSocket(world: World, endpoint: Endpoint): Promise<Ask> {
  const { port, host } = await served(world, [endpoint]);
  return (request, headers = [], body) => {
    const named = headers.some(([name]) => name.toLowerCase() === 'host');
    const lines = [
      `${request} HTTP/1.1`,
      ...(named ? [] : [`Host: ${host}`]),
      ...headers.map(([name, value]) => `${name}: ${value}`),
      ...(body === undefined ? [] : [`Content-Length: ${Buffer.byteLength(body)}`]),
    ];
    return exchange({ port }, `${lines.join('\r\n')}\r\n\r\n${body ?? ''}`);
  };
}

export const TRANSPORTS = {
  'in process': askInProcess,
  'over a socket': askOverSocket,
} as const;
