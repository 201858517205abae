import { describe, expect, test } from 'vitest';

import type { Endpoint } from '../../src/endpoints/contract.ts';
import { type Ask, type HeaderList, TRANSPORTS } from '../support/ask.ts';
import { endpointWorld, PLANTED, SECRET, type World } from '../support/endpoint-world.ts';
import { settle } from '../support/fake-clock.ts';
import { fieldsOfJson } from '../support/json.ts';
import type { RawReply } from '../support/raw-http.ts';
import type { Expectation, Vector } from '../vectors/vector.ts';

/** Runs a protocol's table in process and over a real socket. */
export function runVectors(endpoint: Endpoint, vectors: readonly Vector[]): void {
  for (const [transport, open] of Object.entries(TRANSPORTS)) {
    const lines = vectors.filter(({ over }) => over === undefined || transport === 'over a socket');
    describe(`vectors ${transport}`, () => {
      test.each(lines)('row $row: $name', async (vector) => {
        const world = endpointWorld();
        const ask = await open(world, endpoint);
        const headers = await filledIn(vector, ask);
        await vector.given?.(world);
        const request = vector.request.replaceAll('{secret}', SECRET);

        const reply = await ask(request, headers, vector.body);

        expectReply(reply, vector.expect);
        expectPlain(reply);
        await expectTold(world, vector.expect);
      });
    });
  }
}

/** Headers in order, with a token of the service where the line shows one. */
async function filledIn({ headers = {} }: Vector, ask: Ask): Promise<HeaderList> {
  const list = Object.entries(headers).flatMap(([name, value]) =>
    [value].flat().map((one) => [name, one] as const),
  );
  const token = list.some(([, value]) => value.includes('{token}'))
    ? (await ask('PUT /latest/api/token', [['X-aws-ec2-metadata-token-ttl-seconds', '60']])).body
    : '';
  return list.map(
    ([name, value]) =>
      [name, value.replaceAll('{token}', token).replaceAll('{secret}', SECRET)] as const,
  );
}

function expectReply(reply: RawReply, wanted: Expectation): void {
  expect(reply).toMatchObject({ status: wanted.status });
  for (const [name, value] of Object.entries(wanted.headers ?? {})) {
    expectText(reply.headers[name] ?? 'absent', value);
  }
  if (wanted.body !== undefined) expectText(reply.body, wanted.body);
  if (wanted.claims !== undefined) expect(claimsOf(reply.body)).toMatchObject(wanted.claims);
  if (wanted.json === undefined && wanted.fields === undefined) return;
  const json = fieldsOfJson(reply.body);
  for (const [name, value] of Object.entries(wanted.json ?? {})) {
    if (value instanceof RegExp) expect(json[name]).toMatch(value);
    else expect(json).toMatchObject({ [name]: value });
  }
  if (wanted.fields !== undefined) {
    expect(Object.keys(json).sort()).toEqual([...wanted.fields].sort());
  }
}

/** What a JWT says; fails on anything before, behind or instead of one. */
function claimsOf(jwt: string): Readonly<Record<string, unknown>> {
  expect(jwt).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+$/);
  return fieldsOfJson(Buffer.from(jwt.split('.')[1] ?? '', 'base64url').toString());
}

function expectText(text: string, wanted: string | RegExp): void {
  if (typeof wanted === 'string') expect(text).toBe(wanted);
  else expect(text).toMatch(wanted);
}

/** What is true of every reply, and of every refusal: nothing of the caller's or the store's in it. */
export function expectPlain({ status, headers, body }: RawReply): void {
  expect(headers['cache-control']).toBe('no-store');
  expect(headers['content-length']).toMatch(/^\d+$/);
  if (body !== '') expect(Buffer.byteLength(body)).toBe(Number(headers['content-length']));
  const names = Object.keys(headers);
  expect(names.filter((name) => name.startsWith('access-control-'))).toEqual([]);
  expect(names).not.toContain('set-cookie');
  expect(names).not.toContain('content-encoding');
  if (status !== 301) expect(names).not.toContain('location');
  if (status < 300 && !/"Code":"(?!Success)/.test(body)) return;
  for (const planted of PLANTED) expect(JSON.stringify({ headers, body })).not.toContain(planted);
}

async function expectTold(world: World, { told }: Expectation): Promise<void> {
  await settle();
  const whys = world.events.flatMap((event) => (event.type === 'refused' ? [event.why] : []));
  for (const planted of PLANTED) expect(whys.join()).not.toContain(planted);
  if (told !== undefined) expect(whys.join('\n')).toMatch(told);
}
