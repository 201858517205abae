import { describe, expect, test } from 'vitest';

import { createBroker } from '../../src/broker/broker.ts';
import type { Issued, IssueRequest } from '../../src/core/credential.ts';
import { ValetkeyError } from '../../src/core/errors.ts';
import { createEvents } from '../../src/core/events.ts';
import { ConnectorName } from '../../src/core/ids.ts';
import { fakeClock, settle } from '../support/fake-clock.ts';

/* Scopes and audiences are a client's choice, so there can be any number of them (invariant 8). */

const MINUTE = 60_000;

function requestFor(audience?: string, connector = 'a'): IssueRequest {
  return {
    connector: ConnectorName.parse(connector),
    resources: [{ type: 'gcp-generic', access: 'full' }],
    ...(audience === undefined ? {} : { token: { kind: 'id-token', audience } }),
  };
}

/** An upstream that answers only when told to, or at once. */
function setup({ held = false } = {}) {
  const clock = fakeClock();
  const waiting: (() => void)[] = [];
  const seen = { calls: 0, running: 0, most: 0, failing: false };
  const broker = createBroker({
    clock,
    events: createEvents(),
    random: () => 0,
    issue: async (request): Promise<Issued> => {
      seen.calls += 1;
      seen.running += 1;
      seen.most = Math.max(seen.most, seen.running);
      if (held) await new Promise<void>((resolve) => waiting.push(resolve));
      seen.running -= 1;
      if (seen.failing) throw new ValetkeyError('UPSTREAM_UNAVAILABLE');
      const common = {
        id: `tok-${seen.calls}`,
        token: `token ${seen.calls}`,
        issuedAt: clock.now(),
        expiresAt: clock.now() + 60 * MINUTE,
        principal: 'robot@example.com',
        account: 'data-prod',
      };
      const { token } = request;
      return {
        request,
        connectorType: 'gcp',
        authMethod: 'service-account',
        narrowed: true,
        scope: null,
        credential:
          token?.kind === 'id-token'
            ? { kind: 'id-token', audience: token.audience, ...common }
            : { kind: 'access-token', scopes: [], ...common },
      };
    },
  });
  const release = async () => {
    for (const resolve of waiting.splice(0)) resolve();
    await settle();
  };
  const ask = async (audience?: string, connector?: string) =>
    await broker.get(requestFor(audience, connector), 2_000);
  return { clock, broker, seen, release, ask };
}

const codeOf = (error: unknown) => (error instanceof ValetkeyError ? error.code : error);
const codes = async (asked: readonly Promise<Issued>[]) =>
  (await Promise.allSettled(asked)).map((one) =>
    one.status === 'fulfilled' ? 'ok' : codeOf(one.reason),
  );

describe('5,000 audiences at once', () => {
  test('are 16 calls at a time of their connector and 64 that wait; nobody else waits for them', async () => {
    const { broker, seen, release, ask } = setup({ held: true });
    const flood = Array.from({ length: 5_000 }, (_, i) => ask(`x${i}`));
    const told = codes(flood);
    expect(seen).toMatchObject({ calls: 16, running: 16 });
    const own = ask();
    const other = ask('y', 'b');
    const joined = ask('x3');
    expect(seen.calls).toBe(18);
    await release();
    expect(await codes([own, other, joined])).toEqual(['ok', 'ok', 'ok']);
    // Whoever is told to come again does, when there is room: behind those who waited before.
    const again = ask('x4000');
    for (let turn = 0; turn < 6; turn += 1) await release();
    expect(await codes([again])).toEqual(['ok']);
    const answers = await told;
    expect(answers.filter((code) => code === 'ok')).toHaveLength(80);
    expect(answers.filter((code) => code === 'NOT_READY')).toHaveLength(5_000 - 80);
    expect(seen).toMatchObject({ calls: 80 + 3, running: 0, most: 18 });
    broker.stop();
  });

  test('that wait do not hold up the renewal of what is granted', async () => {
    const { clock, broker, seen, release, ask } = setup({ held: true });
    const own = ask();
    await release();
    await own;
    await clock.advance(34 * MINUTE);
    void codes(Array.from({ length: 500 }, (_, i) => ask(`x${i}`)));
    await clock.advance(MINUTE);
    expect(seen.running).toBe(16 + 1);
    await release();
    expect(await ask()).not.toBe(await own);
    broker.stop();
  });

  test('that are refused push nothing out of memory', async () => {
    const { broker, seen, release, ask } = setup({ held: true });
    const kept = ask('kept');
    await release();
    await kept;
    void Promise.allSettled(Array.from({ length: 5_000 }, (_, i) => ask(`x${i}`)));
    await release();
    const before = seen.calls;
    expect(await ask('kept')).toBe(await kept);
    expect(seen.calls).toBe(before);
    broker.stop();
  });
});

test('one after the other, they leave 256 in memory, and what is granted stays', async () => {
  const { broker, seen, ask } = setup();
  const own = await ask();
  for (let i = 0; i < 5_000; i += 1) await ask(`x${i}`);
  expect(broker.entries()).toHaveLength(257);
  expect(await ask()).toBe(own);
  expect(seen.calls).toBe(5_001);
  broker.stop();
});

describe('while something is held, a failing renewal is in no hurry', () => {
  test('one try in ten seconds', async () => {
    const { clock, broker, seen, ask } = setup();
    const held = await ask();
    seen.failing = true;
    await clock.advance(36 * MINUTE);
    seen.calls = 0;
    for (let second = 0; second < 20 * 60; second += 1) {
      expect(await ask()).toBe(held);
      await clock.advance(1_000);
    }
    expect(seen.calls).toBeLessThanOrEqual(120);
    broker.stop();
  });

  test('but the last try is not put off beyond the end', async () => {
    const { clock, broker, seen, ask } = setup();
    await ask();
    await clock.advance(34 * MINUTE);
    seen.failing = true;
    await clock.advance(26 * MINUTE - 3_000);
    await ask();
    seen.failing = false;
    await clock.advance(3_001);
    expect((await ask()).credential.expiresAt).toBeGreaterThan(clock.now());
    broker.stop();
  });
});
