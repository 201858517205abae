import { connect } from 'node:net';
import type { Socket } from 'node:net';

import type { LoadOrder, LoadResult } from './load-orders.ts';
import { quantile } from './numbers.ts';

/*
 * The load: raw sockets, one request at a time on each, no HTTP client. A process of its own, so that
 * what it costs is nobody's latency. It knows how long an answer is, so it counts bytes.
 */

process.on('message', (order: LoadOrder) => {
  void run(order).then((result) => process.send?.(result));
});

async function run(order: LoadOrder): Promise<LoadResult> {
  const tally: Tally = { started: 0, failed: 0, latencies: [] };
  const startedAt = performance.now();
  const work = order.fresh ? oneEach : keptAlive;
  await Promise.all(Array.from({ length: order.connections }, () => work(order, tally)));
  const seconds = (performance.now() - startedAt) / 1_000;
  return {
    perSecond: tally.latencies.length / seconds,
    p50Ms: quantile(tally.latencies, 0.5),
    p99Ms: quantile(tally.latencies, 0.99),
    failed: tally.failed,
  };
}

interface Tally {
  started: number;
  failed: number;
  readonly latencies: number[];
}

function open({ port }: LoadOrder): Socket {
  return connect({ port, host: '127.0.0.1', noDelay: true });
}

function keptAlive(order: LoadOrder, tally: Tally): Promise<void> {
  return new Promise((resolve) => {
    const request = Buffer.from(order.request, 'latin1');
    const socket = open(order);
    let sentAt = 0;
    let missing = 0;
    const send = () => {
      if (tally.started >= order.requests) {
        socket.destroy();
        resolve();
        return;
      }
      tally.started += 1;
      missing = order.answerBytes;
      sentAt = performance.now();
      socket.write(request);
    };
    socket.once('connect', send);
    socket.on('data', (part) => {
      if (missing === order.answerBytes && !isExpected(part, order)) tally.failed += 1;
      missing -= part.length;
      if (missing > 0) return;
      tally.latencies.push(performance.now() - sentAt);
      send();
    });
    socket.once('error', () => broken(tally, resolve));
    socket.once('end', () => broken(tally, resolve));
  });
}

async function oneEach(order: LoadOrder, tally: Tally): Promise<void> {
  while (tally.started < order.requests) {
    tally.started += 1;
    await single(order, tally);
  }
}

/** Connect, ask, read, close: timed as a whole, as a client that starts anew feels it. */
function single(order: LoadOrder, tally: Tally): Promise<void> {
  return new Promise((resolve) => {
    const startedAt = performance.now();
    const socket = open(order);
    let missing = order.answerBytes;
    socket.once('connect', () => socket.write(order.request, 'latin1'));
    socket.on('data', (part) => {
      if (missing === order.answerBytes && !isExpected(part, order)) tally.failed += 1;
      missing -= part.length;
      if (missing > 0) return;
      tally.latencies.push(performance.now() - startedAt);
      // A reset leaves no row in the kernel's table of sockets, which thousands of them would fill.
      socket.resetAndDestroy();
      resolve();
    });
    socket.once('error', () => broken(tally, resolve));
    socket.once('end', () => broken(tally, resolve));
  });
}

/** Three digits behind `HTTP/1.1 `: looked at as bytes, since this is done for every answer. */
function isExpected(part: Buffer, { status }: LoadOrder): boolean {
  const [hundreds = 0, tens = 0, ones = 0] = part.subarray(9, 12);
  return (hundreds - 48) * 100 + (tens - 48) * 10 + (ones - 48) === status;
}

function broken(tally: Tally, resolve: () => void): void {
  tally.failed += 1;
  resolve();
}
