import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';

import { expect, test } from 'vitest';

import { createConnections } from '../../src/server/connections.ts';
import { rawClient } from '../support/raw-http.ts';
import { servedAws, told } from '../support/served.ts';

const KNOWN_BY_NOBODY = () => Promise.resolve(undefined);

const response = () => new ServerResponse(new IncomingMessage(new Socket()));

test('row 109: 50 pipelined requests are answered, hundreds in one segment end the connection', async () => {
  const { port, world, get } = await servedAws();
  const client = await rawClient({ port });
  client.send(get().repeat(50));
  for (let i = 0; i < 50; i += 1) expect((await client.reply()).status).toBe(200);
  client.send(get().repeat(300));
  await client.closed();
  expect(await told(world)).toContain('too many requests before the first is answered');
  // Whoever was dropped takes no place of those who come after.
  for (let i = 0; i < 40; i += 1) {
    const flood = await rawClient({ port });
    flood.send(get().repeat(300));
    await flood.closed();
  }
  const later = await rawClient({ port });
  later.send(get().repeat(50));
  for (let i = 0; i < 50; i += 1) expect((await later.reply()).status).toBe(200);
  later.end();
});

test('invariant 8: what waits behind another answer is bounded over all connections', () => {
  const connections = createConnections(100, 'test-listener', KNOWN_BY_NOBODY);
  const sockets = Array.from({ length: 20 }, () => new Socket());
  const queue = (socket: Socket): number => {
    const open = connections.open(socket);
    if (open === undefined) return 0;
    let taken = 0;
    for (; taken < 2_000; taken += 1) if (!connections.busy(open, response())) break;
    return taken;
  };
  const taken = sockets.map(queue);
  expect(taken[0]).toBe(65); // one is worked on, 64 wait
  expect(taken.reduce((sum, one) => sum + one, 0)).toBe(1_024 + sockets.length);
  for (const socket of sockets) socket.emit('close');
  expect(queue(new Socket())).toBe(65);
});

test('row 103: who does not read a finished answer makes room, who waits for one does not', () => {
  const connections = createConnections(2, 'test-listener', KNOWN_BY_NOBODY);
  const [unread, waiting, next, last] = [new Socket(), new Socket(), new Socket(), new Socket()];
  const answers = [waiting, unread].map((socket) => {
    const open = connections.open(socket);
    const answer = response();
    if (open === undefined) throw new Error('no room');
    connections.busy(open, answer);
    return answer;
  });
  expect(connections.open(next)).toBeUndefined();
  answers[1]?.end('an answer that stays in the buffer');
  expect(connections.open(last)).toBeDefined();
  expect([unread.destroyed, waiting.destroyed]).toEqual([true, false]);
});
