import { describe, expect, test } from 'vitest';

import { createBroker } from '../../src/broker/broker.ts';
import type { Issuer } from '../../src/broker/contract.ts';
import { ofKind } from '../../src/core/credential.ts';
import type { Issued, IssueRequest } from '../../src/core/credential.ts';
import { ValetkeyError } from '../../src/core/errors.ts';
import { createEvents } from '../../src/core/events.ts';
import type { Event } from '../../src/core/events.ts';
import { ConnectorName } from '../../src/core/ids.ts';
import { fakeClock, settle } from '../support/fake-clock.ts';
import type { FakeClock } from '../support/fake-clock.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const REQUEST: IssueRequest = {
  connector: ConnectorName.parse('aws-dev'),
  resources: [{ type: 's3-bucket', id: 's3://zenfiles', access: 'read' }],
};

function setup({ random = 0 }: { random?: number } = {}) {
  const clock = fakeClock();
  const events = createEvents();
  const seen: Event[] = [];
  events.subscribe((event) => seen.push(event));
  const upstream = scriptedUpstream(clock);
  const broker = createBroker({ issue: upstream.issue, clock, events, random: () => random });
  return { clock, broker, upstream, seen };
}

/** An upstream that numbers its credentials and fails or hangs when told. */
function scriptedUpstream(clock: FakeClock) {
  const state = {
    calls: 0,
    lifeMs: HOUR,
    fail: undefined as ValetkeyError | undefined,
    gate: undefined as Promise<void> | undefined,
  };
  const issue: Issuer = async (request) => {
    state.calls += 1;
    const number = state.calls;
    await state.gate;
    if (state.fail !== undefined) throw state.fail;
    return issuedAt(clock.now(), state.lifeMs, number, request);
  };
  return { state, issue };
}

function issuedAt(now: number, lifeMs: number, number: number, request: IssueRequest): Issued {
  return {
    request,
    connectorType: 'aws',
    authMethod: 'iam-role',
    narrowed: true,
    scope: null,
    credential: {
      kind: 'aws-session',
      accessKeyId: `ASIA${number}`,
      secretAccessKey: 's',
      sessionToken: 't',
      issuedAt: now,
      expiresAt: now + lifeMs,
      accountId: '123456789012',
      principalArn: 'arn:aws:sts::123456789012:assumed-role/r/s',
    },
  };
}

const key = (issued: Issued) => ofKind(issued.credential, 'aws-session').accessKeyId;
const codeOf = async (promise: Issued | Promise<Issued>) => {
  try {
    await promise;
    return 'ok';
  } catch (error) {
    return error instanceof ValetkeyError ? error.code : error;
  }
};

describe('invariant 4: one upstream call per cold key', () => {
  test('1,000 at once, one call, one credential', async () => {
    const { broker, upstream } = setup();
    const all = await Promise.all(
      Array.from({ length: 1_000 }, async () => broker.get(REQUEST, 800)),
    );
    expect(upstream.state.calls).toBe(1);
    expect(new Set(all.map(key))).toEqual(new Set(['ASIA1']));
  });

  test('equal requests share a key whatever the order of their resources; others do not', async () => {
    const { broker, upstream } = setup();
    const a = { type: 's3-bucket', id: 's3://a', access: 'read' } as const;
    const b = { type: 's3-bucket', id: 's3://b', access: 'read' } as const;
    await broker.get({ ...REQUEST, resources: [a, b] }, 800);
    await broker.get({ ...REQUEST, resources: [b, a] }, 800);
    expect(upstream.state.calls).toBe(1);
    await broker.get({ ...REQUEST, resources: [a] }, 800);
    await broker.get({ ...REQUEST, resources: [{ ...a, access: 'write' }] }, 800);
    await broker.get({ ...REQUEST, resources: [a, b], seconds: 3_600 }, 800);
    expect(upstream.state.calls).toBe(4);
  });

  test('a failing key backs off and answers from its negative cache in between', async () => {
    const { broker, upstream, clock } = setup({ random: 0.999 });
    upstream.state.fail = new ValetkeyError('UPSTREAM_UNAVAILABLE');
    for (let i = 0; i < 50; i += 1)
      expect(await codeOf(broker.get(REQUEST, 800))).toBe('UPSTREAM_UNAVAILABLE');
    expect(upstream.state.calls).toBe(1);
    await clock.advance(1_000);
    await codeOf(broker.get(REQUEST, 800));
    await clock.advance(1_000); // the second wait is twice as long
    await codeOf(broker.get(REQUEST, 800));
    expect(upstream.state.calls).toBe(2);
  });

  test('what a person must mend is asked again after a minute only', async () => {
    const { broker, upstream, clock } = setup();
    upstream.state.fail = new ValetkeyError('UPSTREAM_DENIED');
    await codeOf(broker.get(REQUEST, 800));
    await clock.advance(59_000);
    await codeOf(broker.get(REQUEST, 800));
    expect(upstream.state.calls).toBe(1);
    await clock.advance(2_000);
    await codeOf(broker.get(REQUEST, 800));
    expect(upstream.state.calls).toBe(2);
  });

  test('a changed connector is asked for at once', async () => {
    const { broker, upstream } = setup();
    upstream.state.fail = new ValetkeyError('UPSTREAM_DENIED');
    await codeOf(broker.get(REQUEST, 800));
    upstream.state.fail = undefined;
    broker.forget(REQUEST.connector);
    expect(await codeOf(broker.get(REQUEST, 800))).toBe('ok');
  });
});

describe('invariant 2: renewed ahead of time, never served expired', () => {
  test('over ten hours of asking each minute there are always 15 minutes left', async () => {
    const { broker, clock, upstream } = setup({ random: 0.5 });
    for (let minute = 0; minute < 600; minute += 1) {
      const issued = await broker.get(REQUEST, 800);
      expect(issued.credential.expiresAt - clock.now()).toBeGreaterThanOrEqual(15 * MINUTE);
      await clock.advance(MINUTE);
    }
    expect(upstream.state.calls).toBeLessThan(20);
  });

  test('renews in the background: nobody waits', async () => {
    const { broker, clock, upstream } = setup();
    await broker.get(REQUEST, 800);
    await clock.advance(35 * MINUTE + 20_000);
    expect(upstream.state.calls).toBe(2);
    const now = broker.get(REQUEST, 800);
    expect(now).not.toBeInstanceOf(Promise);
    expect(key(await now)).toBe('ASIA2');
  });

  test('jitter brings the renewal forward, never back', async () => {
    const early = setup({ random: 0.999 });
    await early.broker.get(REQUEST, 800);
    await early.clock.advance(32 * MINUTE);
    expect(early.upstream.state.calls).toBe(2);
  });

  test('stops renewing what nobody asks for', async () => {
    const { broker, clock, upstream } = setup();
    await broker.get(REQUEST, 800);
    await clock.advance(10 * HOUR);
    expect(upstream.state.calls).toBeLessThanOrEqual(3);
    expect(broker.entries()).toEqual([]);
  });
});

describe('invariant 3: an outage', () => {
  test('what is valid is served with its true expiry and no call per request; then an error', async () => {
    const { broker, clock, upstream } = setup({ random: 0.999 });
    const first = await broker.get(REQUEST, 800);
    upstream.state.fail = new ValetkeyError('UPSTREAM_UNAVAILABLE');
    await clock.advance(59 * MINUTE);
    const calls = upstream.state.calls;
    for (let i = 0; i < 1_000; i += 1) expect(broker.get(REQUEST, 800)).toBe(first);
    expect(upstream.state.calls).toBeLessThanOrEqual(calls + 1);
    await clock.advance(MINUTE);
    expect(await codeOf(broker.get(REQUEST, 800))).toBe('UPSTREAM_UNAVAILABLE');
    upstream.state.fail = undefined;
    await clock.advance(MINUTE);
    expect(await codeOf(broker.get(REQUEST, 800))).toBe('ok');
  });

  test('a slow upstream: the first asker is told to come back, the credential is there then', async () => {
    const { broker, clock, upstream } = setup();
    let open = () => {};
    upstream.state.gate = new Promise((resolve) => (open = resolve));
    const asked = codeOf(broker.get(REQUEST, 800));
    await clock.advance(800);
    expect(await asked).toBe('NOT_READY');
    open();
    await settle();
    expect(broker.get(REQUEST, 800)).not.toBeInstanceOf(Promise);
    expect(upstream.state.calls).toBe(1);
  });
});

describe('invariant 12: two clocks', () => {
  test('a machine that slept past the expiry serves nothing old', async () => {
    const { broker, clock } = setup();
    await broker.get(REQUEST, 800);
    clock.suspend(2 * HOUR);
    expect(key(await broker.get(REQUEST, 800))).toBe('ASIA2');
  });

  test('a resume is noticed without a request', async () => {
    const { broker, clock, upstream, seen } = setup();
    await broker.get(REQUEST, 800);
    clock.suspend(50 * MINUTE);
    await clock.advance(10_000);
    expect(upstream.state.calls).toBe(2);
    expect(seen.filter(({ type }) => type === 'clock-stepped')).toHaveLength(1);
  });

  test('a clock set back an hour does not lengthen a life', async () => {
    const { broker, clock } = setup();
    await broker.get(REQUEST, 800);
    clock.step(-HOUR);
    await clock.advance(61 * MINUTE);
    expect(key(await broker.get(REQUEST, 800))).not.toBe('ASIA1');
  });

  test('a clock set forward an hour renews at once', async () => {
    const { broker, clock } = setup();
    await broker.get(REQUEST, 800);
    clock.step(HOUR);
    expect(key(await broker.get(REQUEST, 800))).toBe('ASIA2');
  });

  test('failures before a sleep are forgotten after it', async () => {
    const { broker, clock, upstream } = setup();
    upstream.state.fail = new ValetkeyError('UPSTREAM_DENIED');
    await codeOf(broker.get(REQUEST, 800));
    upstream.state.fail = undefined;
    clock.suspend(HOUR);
    await clock.advance(10_000);
    expect(await codeOf(broker.get(REQUEST, 800))).toBe('ok');
  });
});

test('a stored session that cannot be renewed is not asked for on every request', async () => {
  const { broker, clock, upstream } = setup();
  const end = clock.now() + HOUR;
  upstream.state.lifeMs = HOUR;
  const first = await broker.get(REQUEST, 800);
  await clock.advance(40 * MINUTE);
  upstream.state.lifeMs = end - clock.now();
  for (let i = 0; i < 600; i += 1) {
    await broker.get(REQUEST, 800);
    await clock.advance(1_000);
    upstream.state.lifeMs = end - clock.now();
  }
  expect(first.credential.expiresAt).toBe(end);
  expect(upstream.state.calls).toBeLessThan(20);
});

test('events: obtained, renewed and failed are told with the connector, never the secret', async () => {
  const { broker, clock, upstream, seen } = setup();
  await broker.get(REQUEST, 800);
  await clock.advance(36 * MINUTE);
  await broker.get(REQUEST, 800);
  upstream.state.fail = new ValetkeyError('UPSTREAM_THROTTLED', { upstreamCode: 'Throttling' });
  await clock.advance(36 * MINUTE);
  const told = seen.flatMap((event) =>
    event.type === 'obtained'
      ? [`obtained ${event.renewal}`]
      : event.type === 'failed'
        ? ['failed']
        : [],
  );
  expect(told.slice(0, 3)).toEqual(['obtained false', 'obtained true', 'failed']);
  expect(JSON.stringify(seen)).not.toContain('"secretAccessKey"');
});

test('an upstream call that is broken off at the end is no failure to be told', async () => {
  const clock = fakeClock();
  const events = createEvents();
  const seen: Event[] = [];
  events.subscribe((event) => seen.push(event));
  const issue: Issuer = (_request, signal) =>
    new Promise((_resolve, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
    });
  const broker = createBroker({ issue, clock, events });
  const asked = codeOf(broker.get(REQUEST, 800));
  broker.stop();
  expect(await asked).not.toBe('ok');
  expect(seen).toEqual([]);
});
