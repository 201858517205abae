import { describe, expect, test } from 'vitest';

import { createBroker } from '../../src/broker/broker.ts';
import type { Issued, IssueRequest } from '../../src/core/credential.ts';
import { createEvents } from '../../src/core/events.ts';
import { ConnectorName } from '../../src/core/ids.ts';
import { fakeClock, settle } from '../support/fake-clock.ts';

const MINUTE = 60_000;

const requestFor = (bucket: number): IssueRequest => ({
  connector: ConnectorName.parse('a'),
  resources: [{ type: 's3-bucket', id: `s3://bucket-${bucket}`, access: 'read' }],
});

/** An upstream whose sessions live `lifeMs`, or until `end`, under one id as long as `id` is the same. */
function setup(session: { lifeMs?: number; end?: number; id?: string }) {
  const clock = fakeClock();
  const seen = { calls: 0, running: 0, most: 0 };
  let gate: Promise<void> | undefined;
  const broker = createBroker({
    clock,
    events: createEvents(),
    random: () => 0,
    issue: async (request): Promise<Issued> => {
      seen.calls += 1;
      seen.running += 1;
      seen.most = Math.max(seen.most, seen.running);
      await gate;
      seen.running -= 1;
      return {
        request,
        connectorType: 'aws',
        authMethod: 'profile',
        narrowed: true,
        scope: null,
        credential: {
          kind: 'aws-session',
          accessKeyId: session.id ?? `ASIA${seen.calls}`,
          secretAccessKey: 's',
          sessionToken: 't',
          issuedAt: clock.now(),
          expiresAt: session.end ?? clock.now() + (session.lifeMs ?? 60 * MINUTE),
          accountId: '111122223333',
          principalArn: 'arn:aws:sts::111122223333:assumed-role/r/s',
        },
      };
    },
  });
  return { clock, broker, seen, hold: (until: Promise<void>) => void (gate = until) };
}

describe('invariant 4: upstream is not asked on every request', () => {
  test.each([1, 5, 15, 25, 26])('by a source whose sessions live %i minutes', async (minutes) => {
    const { clock, broker, seen } = setup({ lifeMs: minutes * MINUTE });
    for (let second = 0; second < 600; second += 1) {
      await broker.get(requestFor(0), 800);
      await clock.advance(1_000);
    }
    expect(seen.calls).toBeLessThanOrEqual(minutes === 1 ? 31 : 11);
    broker.stop();
  });

  test('by a thousand keys that are all due when a machine wakes up', async () => {
    const { clock, broker, seen, hold } = setup({});
    for (let i = 0; i < 1_000; i += 1) await broker.get(requestFor(i), 800);
    const { promise, resolve } = Promise.withResolvers<void>();
    hold(promise);
    seen.most = 0;
    clock.suspend(40 * MINUTE);
    await clock.advance(10_000);
    expect(seen.running).toBeGreaterThan(0);
    expect(seen.most).toBeLessThanOrEqual(32);
    resolve();
    await settle();
    await clock.advance(6 * MINUTE);
    expect(seen.calls).toBe(2_000); // each renewed, 14 minutes before the first one ends
    broker.stop();
  });
});

test('invariant 11: a stored session that is looked at again is still the one that was handed out', async () => {
  const { clock, broker, seen } = setup({ end: fakeClock().now() + 60 * MINUTE, id: 'ASIA' });
  const first = await broker.get(requestFor(0), 800);
  for (let minute = 0; minute < 59; minute += 1) {
    await clock.advance(MINUTE);
    expect(await broker.get(requestFor(0), 800)).toBe(first);
  }
  expect(seen.calls).toBeGreaterThan(10);
  broker.stop();
});
