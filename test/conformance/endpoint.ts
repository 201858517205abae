import { describe, expect, test } from 'vitest';

import { ERRORS, type ErrorCode, ValetkeyError } from '../../src/core/errors.ts';
import type { Endpoint, RefusalReason } from '../../src/endpoints/contract.ts';
import { type Ask, CONNECTION, type HeaderList, TRANSPORTS } from '../support/ask.ts';
import { endpointWorld, PLANTED } from '../support/endpoint-world.ts';
import { settle } from '../support/fake-clock.ts';
import { fieldsOfJson } from '../support/json.ts';
import type { Vector } from '../vectors/vector.ts';
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
}

/** What the broker or the stores may throw while a credential is wanted. */
const CODES = Object.keys(ERRORS).filter((code): code is ErrorCode => code in ERRORS);

const REFUSALS: readonly (readonly [number, RefusalReason])[] = [
  [405, 'method'],
  [400, 'target'],
  [414, 'target'],
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
  const { endpoint, credentials } = subject;

  /** A new world, its endpoint, and the request for credentials with all that it needs. */
  const begin = async (open: (typeof TRANSPORTS)[keyof typeof TRANSPORTS]) => {
    const world = endpointWorld();
    const ask = await open(world, endpoint);
    const headers = await credentials.headers(ask);
    return { world, ask, headers, get: () => ask(`GET ${credentials.path}`, headers) };
  };

  runVectors(endpoint, subject.vectors);
  describeVariables(endpoint);

  for (const [transport, open] of Object.entries(TRANSPORTS)) {
    describe(`conformance ${transport}`, () => {
      test('credentials are given, uncompressed, and not to be kept', async () => {
        const { ask, headers } = await begin(open);
        const reply = await ask(`GET ${credentials.path}`, [
          ...headers,
          ['Accept-Encoding', 'gzip'],
        ]);
        expect(reply.status).toBe(200);
        expect(JSON.parse(reply.body)).toMatchObject({ Expiration: '2026-11-02T10:00:00Z' });
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
        expect(head).toMatchObject({ status: 200, body: '' });
        expect(head.headers['content-length']).toBe(full.headers['content-length']);
        expect(head.headers['content-type']).toBe(full.headers['content-type']);
      });

      test('a renewed credential is served at once', async () => {
        const { world, get } = await begin(open);
        await get();
        world.session = { ...world.session, accessKeyId: 'ASIARENEWEDEXAMPLE00' };
        expect(JSON.parse((await get()).body)).toMatchObject({
          AccessKeyId: 'ASIARENEWEDEXAMPLE00',
        });
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
            const body = fieldsOfJson(reply.body);
            expect(body).toMatchObject({
              Code: expect.stringMatching(/^[A-Z]\w+$/),
              Message: expect.stringMatching(/./),
            });
            expect(body['Code']).not.toBe('Success');
            expect(body).not.toHaveProperty('AccessKeyId');
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

/** Rows 116 and 117, and what they are for: the client finds this endpoint and no other. */
function describeVariables(endpoint: Endpoint): void {
  const input = {
    baseUrl: 'http://127.0.0.1:9911',
    tokenFile: '/run/user/1000/valetkey/token',
    token: 'S',
    region: 'eu-west-1',
  };
  describe('variables', () => {
    test('lead to the literal address, and nothing stronger is left', () => {
      const { set, clear } = endpoint.variables(input);
      expect(Object.values(set)).toContainEqual(
        expect.stringMatching(/^http:\/\/127\.0\.0\.1:9911/),
      );
      expect(clear.filter((name) => name in set)).toEqual([]);
      expect(set).toMatchObject({ AWS_REGION: 'eu-west-1', AWS_DEFAULT_REGION: 'eu-west-1' });
      expect(set['no_proxy']).toBe(set['NO_PROXY']);
      expect(set['NO_PROXY']?.split(',')).toEqual(
        expect.arrayContaining(['127.0.0.1', '169.254.169.254', '[fd00:ec2::23]']),
      );
      expect(clear).toEqual(
        expect.arrayContaining([
          'AWS_ACCESS_KEY_ID',
          'AWS_SECRET_ACCESS_KEY',
          'AWS_SESSION_TOKEN',
          'AWS_PROFILE',
          'AWS_DEFAULT_PROFILE',
          'AWS_WEB_IDENTITY_TOKEN_FILE',
          'AWS_ROLE_ARN',
          'AWS_CONTAINER_CREDENTIALS_RELATIVE_URI',
        ]),
      );
    });

    test('no region: the person’s own is left alone', () => {
      const { set, clear } = endpoint.variables({ ...input, region: undefined });
      for (const name of ['AWS_REGION', 'AWS_DEFAULT_REGION']) {
        expect(set).not.toHaveProperty(name);
        expect(clear).not.toContain(name);
      }
    });
  });
}
