import { describe, expect, test } from 'vitest';

import imds from '../../src/endpoints/aws/imds.ts';
import { instanceId, partitionOf } from '../../src/endpoints/aws/imds-documents.ts';
import { endpointConformance } from '../conformance/endpoint.ts';
import { type Ask, askOverSocket, type HeaderList, TRANSPORTS } from '../support/ask.ts';
import { caller, endpointWorld } from '../support/endpoint-world.ts';
import vectors from '../vectors/imds.ts';

const ROLE = '/latest/meta-data/iam/security-credentials/app-role';

const mint = async (ask: Ask, ttl = '21600'): Promise<HeaderList> => {
  const { body } = await ask('PUT /latest/api/token', [
    ['X-aws-ec2-metadata-token-ttl-seconds', ttl],
  ]);
  return [['X-aws-ec2-metadata-token', body]];
};

endpointConformance({
  endpoint: imds,
  vectors,
  credentials: { path: ROLE, headers: mint },
  waitMs: 250,
});

describe.each(Object.entries(TRANSPORTS))('tokens %s', (_transport, open) => {
  test('row 64: a token ends at its TTL, not before, by the monotonic clock', async () => {
    const world = endpointWorld();
    const ask = await open(world, imds);
    const headers = await mint(ask, '60');
    world.clock.step(-86_400_000); // the wall clock is set back a day: no matter
    await world.clock.advance(59_999);
    expect((await ask(`GET ${ROLE}`, headers)).status).toBe(200);
    await world.clock.advance(1);
    expect((await ask(`GET ${ROLE}`, headers)).status).toBe(401);
  });

  test('row 65: another run of the service knows no token of this one', async () => {
    const world = endpointWorld();
    const headers = await mint(await open(world, imds));
    const restarted = await open(world, imds);
    expect((await restarted(`GET ${ROLE}`, headers)).status).toBe(401);
    expect((await restarted(`GET ${ROLE}`, await mint(restarted))).status).toBe(200);
  });

  test('a token serves the workload it was given to and no other', async () => {
    const world = endpointWorld();
    const ask = await open(world, imds);
    const headers = await mint(ask);
    world.caller = caller({ workload: 'another' });
    expect((await ask(`GET ${ROLE}`, headers)).status).toBe(401);
    world.caller = caller();
    expect((await ask(`GET ${ROLE}`, headers)).status).toBe(200);
  });

  test('a token outlives no right: a connection of nobody gets nothing with it', async () => {
    const world = endpointWorld();
    const ask = await open(world, imds);
    const headers = await mint(ask);
    world.nobody = true;
    expect((await ask(`GET ${ROLE}`, headers)).status).toBe(401);
  });
});

test('row 82: token, list and credentials answer in time while credentials are renewed', async () => {
  const world = endpointWorld();
  const ask = await askOverSocket(world, imds);
  const took: number[] = [];
  const timed = async <T>(work: () => Promise<T>): Promise<T> => {
    const from = performance.now();
    const result = await work();
    took.push(performance.now() - from);
    return result;
  };
  for (let round = 0; round < 50; round += 1) {
    world.session = { ...world.session, sessionToken: `plantedSessionToken${round}` };
    const headers = await timed(() => mint(ask));
    await timed(() => ask('GET /latest/meta-data/iam/security-credentials/', headers));
    const { body } = await timed(() => ask(`GET ${ROLE}`, headers));
    expect(body).toContain(`plantedSessionToken${round}`);
  }
  took.sort((a, b) => a - b);
  expect(took[75]).toBeLessThan(20);
  expect(took.at(-1)).toBeLessThan(250);
});

test('a cold credential has three waits to come, of which none is too long for Go', async () => {
  const world = endpointWorld();
  world.upstream = 'hangs';
  const ask = await TRANSPORTS['in process'](world, imds);
  const waited = async <T>(asked: Promise<T>): Promise<T> => {
    await world.clock.advance(250);
    return asked;
  };
  const headers = await waited(mint(ask));
  const list = await waited(ask('GET /latest/meta-data/iam/security-credentials/', headers));
  expect(list).toMatchObject({ status: 200, body: 'app-role' });
  world.upstream = 'ok';
  expect((await ask(`GET ${ROLE}`, headers)).status).toBe(200);
  expect(world.prepared).toEqual([250, 250]);
});

test('a token is given at once, and a list, where the credential cannot be had', async () => {
  const world = endpointWorld();
  world.upstream = { code: 'UPSTREAM_DENIED' };
  const ask = await TRANSPORTS['in process'](world, imds);
  const headers = await mint(ask);
  const list = await ask('GET /latest/meta-data/iam/security-credentials/', headers);
  expect(list).toMatchObject({ status: 200, body: 'app-role' });
});

describe('row 117: variables of the instance metadata provider', () => {
  const { set, clear } = imds.variables({
    baseUrl: 'http://127.0.0.1:9911',
    tokenFile: '/t',
    token: 'S',
    region: 'eu-west-1',
  });

  // The row says "no slash": AWS CLI 2.9 (Debian 12) fails without one, and no client with one.
  test('the endpoint without a path, under both of its names', () => {
    expect(set).toMatchObject({
      AWS_EC2_METADATA_SERVICE_ENDPOINT: 'http://127.0.0.1:9911/',
      AWS_METADATA_ENDPOINT: 'http://127.0.0.1:9911',
    });
  });

  test('nothing of the container provider, and metadata not disabled', () => {
    expect(clear).toEqual(
      expect.arrayContaining([
        'AWS_CONTAINER_CREDENTIALS_FULL_URI',
        'AWS_CONTAINER_CREDENTIALS_RELATIVE_URI',
        'AWS_CONTAINER_AUTHORIZATION_TOKEN',
        'AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE',
        'AWS_EC2_METADATA_DISABLED',
        'AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE',
      ]),
    );
  });
});

describe('documents', () => {
  test('row 75: an instance id is stable, and of this installation alone', () => {
    expect(instanceId('a'.repeat(64))).toBe(instanceId('a'.repeat(64)));
    expect(instanceId('a'.repeat(64))).not.toBe(instanceId('b'.repeat(64)));
  });

  test.each([
    ['eu-west-1', 'aws', 'amazonaws.com'],
    ['cn-north-1', 'aws-cn', 'amazonaws.com.cn'],
    ['us-gov-west-1', 'aws-us-gov', 'amazonaws.com'],
    ['', 'aws', 'amazonaws.com'],
  ])('region %j is in partition %s', (region, partition, domain) => {
    expect(partitionOf(region)).toEqual({ partition, domain });
  });

  test.each([
    ['services/domain', 'amazonaws.com.cn'],
    ['services/partition', 'aws-cn'],
  ])('%s follows the region', async (path, body) => {
    const world = endpointWorld();
    world.caller = caller({ region: 'cn-north-1' });
    const ask = await askOverSocket(world, imds);
    expect(await ask(`GET /latest/meta-data/${path}`, await mint(ask))).toMatchObject({
      status: 200,
      body,
    });
  });
});
