import { describe, expect, test } from 'vitest';

import { ERRORS, type ErrorCode, ValetkeyError } from '../../src/core/errors.ts';
import type { Endpoint, RefusalReason } from '../../src/endpoints/contract.ts';
import { type Ask, CONNECTION, type HeaderList, TRANSPORTS } from '../support/ask.ts';
import { endpointWorld, PLANTED } from '../support/endpoint-world.ts';
import { settle } from '../support/fake-clock.ts';
import type { Vector } from '../vectors/vector.ts';
import { AWS } from './endpoint-aws.ts';
import type { CloudUnderTest } from './endpoint-cloud.ts';
import { expectPlain, runVectors } from './endpoint-vectors.ts';

export interface EndpointUnderTest {
  readonly endpoint: Endpoint;
  readonly vectors: readonly Vector[];
  /** The request for credentials: path, and headers that prove who asks. */
  readonly credentials: {
    readonly path: string;
    readonly headers: (ask: Ask) => HeaderList | Promise<HeaderList>;
  };
  /** ms a client waits at most. */
  readonly waitMs: number;
  /** AWS where it is not said. */
  readonly cloud?: CloudUnderTest;
}

/** What the broker or the stores may throw while a credential is wanted. */
const CODES = Object.keys(ERRORS).filter((code): code is ErrorCode => code in ERRORS);

const REFUSALS: readonly (readonly [number, RefusalReason])[] = [
  [405, 'method'],
  [400, 'target'],
  [414, 'target'],
  [414, 'query'],
  [400, 'traversal'],
  [400, 'host'],
  [403, 'host'],
  [403, 'forwarded'],
  [403, 'browser'],
  [400, 'duplicate-authorization'],
  [413, 'too-large'],
  [429, 'too-many'],
];

/** What every endpoint protocol must do, whatever it looks like. */
export function endpointConformance(subject: EndpointUnderTest): void {
  const { endpoint, credentials, cloud = AWS } = subject;

  /** A new world, its endpoint, and the request for credentials with all that it needs. */
  const begin = async (open: (typeof TRANSPORTS)[keyof typeof TRANSPORTS]) => {
    const world = endpointWorld();
    const ask = await open(world, endpoint);
    const headers = await credentials.headers(ask);
    return { world, ask, headers, get: () => ask(`GET ${credentials.path}`, headers) };
  };

  runVectors(endpoint, subject.vectors);
  cloud.variables(endpoint);

  for (const [transport, open] of Object.entries(TRANSPORTS)) {
    describe(`conformance ${transport}`, () => {
      test('credentials are given, uncompressed, and not to be kept', async () => {
        const { ask, headers } = await begin(open);
        const reply = await ask(`GET ${credentials.path}`, [
          ...headers,
          ['Accept-Encoding', 'gzip'],
        ]);
        expect(reply.status).toBe(200);
        expect(JSON.parse(reply.body)).toMatchObject(cloud.good);
        expectPlain(reply);
      });

      test('the same answer whether the broker answers at once or later', async () => {
        const { world, get } = await begin(open);
        const atOnce = await get();
        world.slowly = true;
        expect((await get()).body).toBe(atOnce.body);
      });

      test('HEAD has the headers of GET and no body', async () => {
        const { ask, headers, get } = await begin(open);
        const full = await get();
        const head = await ask(`HEAD ${credentials.path}`, headers);
        if (cloud.head !== undefined) {
          expect(head).toMatchObject({ status: cloud.head, body: '' });
          return;
        }
        expect(head).toMatchObject({ status: 200, body: '' });
        expect(head.headers['content-length']).toBe(full.headers['content-length']);
        expect(head.headers['content-type']).toBe(full.headers['content-type']);
      });

      test('a renewed credential is served at once', async () => {
        const { world, get } = await begin(open);
        await get();
        const renewed = cloud.renew(world);
        expect(JSON.parse((await get()).body)).toMatchObject(renewed);
      });

      test('an expired credential is never served, whoever hands it out', async () => {
        const { world, get } = await begin(open);
        expect((await get()).status).toBe(200);
        world.clock.step(3_600_000); // the wall clock alone, so that tokens still hold
        const reply = await get();
        expect(reply.status).toBeGreaterThanOrEqual(500);
        expectPlain(reply);
      });

      test('nothing in time: an answer in time, and no credential', async () => {
        const { world, get } = await begin(open);
        world.upstream = 'hangs';
        const asked = get();
        await expect.poll(() => world.choices.length).toBe(1);
        expect(world.choices[0]?.waitMs).toBe(subject.waitMs);
        await world.clock.advance(subject.waitMs);
        const reply = await asked;
        expect(reply.status).toBeGreaterThanOrEqual(500);
        expectPlain(reply);
      });

      test.each(CODES)(
        '%s: an answer in the protocol’s shape, nothing secret in it',
        async (code) => {
          for (const slowly of [false, true]) {
            const { world, get } = await begin(open);
            world.upstream = { code };
            world.slowly = slowly;
            const reply = await get();
            await settle();
            expectPlain(reply);
            cloud.expectError(reply);
            const refused = world.events.filter(({ type }) => type === 'refused');
            expect(refused).toMatchObject([
              { status: reply.status, why: expect.stringContaining(code) },
            ]);
          }
        },
      );

      test('the inside of a fault is nobody’s business outside', async () => {
        const { world, get } = await begin(open);
        world.upstream = { code: 'INTERNAL', upstreamCode: 'SecretDetail' };
        expect((await get()).body).not.toContain('SecretDetail');
      });
    });
  }

  describe('conformance', () => {
    test.each(REFUSALS)('refusal %i %s: plain, and the same each time', (status, reason) => {
      const answer = endpoint.refuse(status, reason);
      expect(answer.status).toBeGreaterThanOrEqual(400);
      expect(endpoint.refuse(status, reason)).toEqual(answer);
      const headers = Object.fromEntries(
        Object.entries(answer.headers).map(([name, value]) => [name.toLowerCase(), value]),
      );
      expectPlain({ status: answer.status, headers, body: answer.body });
      expect(headers['allow'] !== undefined).toBe(answer.status === 405);
    });

    test('an error rendered for somebody else carries no cause', () => {
      const error = new ValetkeyError('UPSTREAM_DENIED', { cause: new Error(PLANTED.join()) });
      const { body } = endpoint.errorBody(error);
      for (const planted of PLANTED) expect(body).not.toContain(planted);
    });

    test('the way around Hono answers as Hono does', async () => {
      const world = endpointWorld();
      const { app: load, direct } = endpoint.routes({
        ...world.context,
        refused: () => undefined,
      });
      const app = await load();
      const ask: Ask = async (request, list = []) => {
        const [method = '', target = ''] = request.split(' ');
        const response = await app.fetch(
          new Request(`http://127.0.0.1${target}`, {
            method,
            headers: list.map(([n, v]): [string, string] => [n, v]),
          }),
          { connection: CONNECTION },
        );
        return {
          status: response.status,
          headers: Object.fromEntries(response.headers),
          body: await response.text(),
        };
      };
      const headers = await credentials.headers(ask);
      for (const upstream of ['ok', { code: 'UPSTREAM_DENIED' }] as const) {
        world.upstream = upstream;
        const around = await direct?.({
          connection: CONNECTION,
          method: 'GET',
          target: credentials.path,
          rawHeaders: headers.flat(),
        });
        const through = await ask(`GET ${credentials.path}`, headers);
        expect(around).toMatchObject({ status: through.status, body: through.body });
        expect(
          Object.fromEntries(
            Object.entries(around?.headers ?? {}).map(([n, v]) => [n.toLowerCase(), v]),
          ),
        ).toEqual(through.headers);
      }
    });
  });
}
