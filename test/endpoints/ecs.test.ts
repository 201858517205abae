import { describe, expect, test } from 'vitest';

import ecs from '../../src/endpoints/aws/ecs.ts';
import { endpointConformance } from '../conformance/endpoint.ts';
import { askOverSocket } from '../support/ask.ts';
import { endpointWorld, SECRET } from '../support/endpoint-world.ts';
import { fieldsOfJson } from '../support/json.ts';
import vectors from '../vectors/ecs.ts';

endpointConformance({
  endpoint: ecs,
  vectors,
  credentials: { path: '/v1/credentials', headers: () => [['Authorization', SECRET]] },
  waitMs: 800,
});

describe('row 38: one error, read by each client’s rules', () => {
  const READERS: Readonly<Record<string, (type: string, body: string) => readonly unknown[]>> = {
    // Any letter case, the last one wins; only with exactly this content type.
    go: (type, body) => {
      if (type !== 'application/json') return [];
      const fields = Object.entries(fieldsOfJson(body));
      const last = (name: string) => fields.findLast(([key]) => key.toLowerCase() === name)?.[1];
      return [last('code'), last('message')];
    },
    java: (_type, body) => {
      const { code, message } = fieldsOfJson(body);
      return [code, message];
    },
    javaScript: (_type, body) => {
      const { Code, Message } = fieldsOfJson(body);
      return [Code, Message];
    },
    kotlin: (type, body) => {
      if (type !== 'application/json') return [];
      const { code, message } = fieldsOfJson(body);
      return [code, message];
    },
  };

  test.each(Object.keys(READERS))('%s', async (reader) => {
    const world = endpointWorld();
    world.upstream = { code: 'UPSTREAM_DENIED' };
    const ask = await askOverSocket(world, ecs);
    const { headers, body } = await ask('GET /v1/credentials', [['Authorization', SECRET]]);
    expect(READERS[reader]?.(headers['content-type'] ?? '', body)).toEqual([
      'AccessDenied',
      'the cloud denied the request',
    ]);
  });
});

describe('row 116: variables of the container provider', () => {
  const input = { baseUrl: 'http://127.0.0.1:9911', tokenFile: '/t', token: SECRET, region: 'x' };

  test('secret file and inline secret, equal in meaning; no way on to another identity', () => {
    const { set } = ecs.variables(input);
    expect(set).toMatchObject({
      AWS_CONTAINER_CREDENTIALS_FULL_URI: 'http://127.0.0.1:9911/v1/credentials',
      AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: '/t',
      AWS_CONTAINER_AUTHORIZATION_TOKEN: SECRET,
      AWS_EC2_METADATA_DISABLED: 'true',
    });
  });

  test('without one of them a stale one is cleared: it would win in some client', () => {
    const { set, clear } = ecs.variables({ ...input, token: undefined });
    expect(set).not.toHaveProperty('AWS_CONTAINER_AUTHORIZATION_TOKEN');
    expect(clear).toContain('AWS_CONTAINER_AUTHORIZATION_TOKEN');
  });
});
