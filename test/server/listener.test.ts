import { describe, expect, test } from 'vitest';

import { ENDPOINTS } from '../../src/endpoints/index.ts';
import { endpointWorld, SECRET } from '../support/endpoint-world.ts';
import { exchange, rawClient } from '../support/raw-http.ts';
import { served } from '../support/served.ts';

const ECS = [ENDPOINTS.ecs];

const request = (host: string): string =>
  `GET /v1/credentials HTTP/1.1\r\nHost: ${host}\r\nAuthorization: ${SECRET}\r\n\r\n`;

describe('row 110: the end', () => {
  test('what is in progress is answered whole, what is idle is closed, nothing new is taken', async () => {
    const world = endpointWorld();
    const { listener, port, host } = await served(world, ECS);
    const idle = await rawClient({ port });
    const kept = await rawClient({ port });
    kept.send(request(host));
    expect((await kept.reply()).status).toBe(200);
    world.upstream = 'hangs';
    const busy = await rawClient({ port });
    busy.send(request(host));
    await expect.poll(() => world.choices.length).toBe(2);

    const closed = listener.close(5_000);
    await idle.closed();
    await kept.closed();
    await expect(rawClient({ port })).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    await world.clock.advance(800);
    expect(await busy.reply()).toMatchObject({ status: 503, headers: { connection: 'close' } });
    await busy.closed();
    await closed;
  });

  test('at the deadline what is still in progress is cut off, with no half answer', async () => {
    const world = endpointWorld();
    const { listener, port, host } = await served(world, ECS);
    world.upstream = 'hangs';
    const busy = await rawClient({ port });
    busy.send(request(host));
    await expect.poll(() => world.choices.length).toBe(1);
    const closed = listener.close(500);
    await world.clock.advance(500);
    await closed;
    await expect(busy.reply()).rejects.toThrow('connection ended after ""');
  });
});

describe('what telemetry hears', () => {
  test('every answer, with endpoint and status; refusals with who it was', async () => {
    const world = endpointWorld();
    const { port, host } = await served(world, ECS, {
      lookupPeer: () => Promise.resolve({ uid: 1000, pid: 4242 }),
    });
    await exchange({ port }, request(host));
    await exchange({ port }, request(host).replace(SECRET, 'wrong'));
    await exchange({ port }, request('evil.example'));
    await exchange({ port }, request(host).replace('/v1/credentials', '/nothing'));
    await expect.poll(() => world.events.length).toBe(6);
    const answered = world.events.filter(({ type }) => type === 'answered');
    expect(answered).toEqual([
      { type: 'answered', endpoint: 'ecs', status: 200 },
      { type: 'answered', endpoint: 'ecs', status: 403 },
      { type: 'answered', endpoint: 'ecs', status: 403 },
      { type: 'answered', endpoint: 'none', status: 404 },
    ]);
    expect(world.events.filter(({ type }) => type === 'refused')).toMatchObject([
      { endpoint: 'ecs', listener: 'test-listener', status: 403, uid: 1000, pid: 4242 },
      { endpoint: 'ecs', why: 'foreign Host "evil.example"', uid: 1000, pid: 4242 },
    ]);
  });

  test('a lookup that fails costs the names alone', async () => {
    const world = endpointWorld();
    const { port } = await served(world, ECS, {
      lookupPeer: () => Promise.reject(new Error('no /proc')),
    });
    await exchange({ port }, request('evil.example'));
    await expect
      .poll(() => world.events.filter(({ type }) => type === 'refused'))
      .toMatchObject([{ status: 403, uid: undefined }]);
  });

  test('the peer of a connection is looked up once', async () => {
    const world = endpointWorld();
    let lookups = 0;
    const { port, host } = await served(world, ECS, {
      lookupPeer: () => {
        lookups += 1;
        return Promise.resolve({ uid: 1 });
      },
    });
    const client = await rawClient({ port });
    for (let i = 0; i < 3; i += 1) {
      client.send(request(host).replace(SECRET, 'wrong'));
      expect((await client.reply()).status).toBe(403);
    }
    client.end();
    await expect.poll(() => world.events.filter(({ type }) => type === 'refused').length).toBe(3);
    expect(lookups).toBe(1);
  });
});
