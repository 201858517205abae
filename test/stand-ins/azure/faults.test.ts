import { expect, test } from 'vitest';
import { refusalOf, startBed } from './setup.ts';

test('Entra is busy, and says for how long; as often as it was told to', async () => {
  const bed = await startBed();
  const fault = { kind: 'error', status: 429, code: 'AADSTS90055', retryAfterSeconds: 17 } as const;
  bed.azure.faults.add('entra:client-secret', fault, 1);
  const busy = await bed.withSecret();
  expect(refusalOf(busy)).toBe('429 temporarily_unavailable AADSTS90055');
  expect(busy.headers.get('retry-after')).toBe('17');
  expect((await bed.withSecret()).status).toBe(200);
  expect(bed.azure.calls.count('entra:client-secret')).toBe(2);
});

test.each([
  [500, undefined, '500 temporarily_unavailable AADSTS90033'],
  [503, undefined, '503 temporarily_unavailable AADSTS90033'],
  [401, 'AADSTS7000215', '401 invalid_client AADSTS7000215'],
])('an error of %s with code %s', async (status, code, expected) => {
  const bed = await startBed();
  bed.azure.faults.add('entra:*', {
    kind: 'error',
    status,
    ...(code === undefined ? {} : { code }),
  });
  expect(refusalOf(await bed.withSecret())).toBe(expected);
});

test('each service has errors in its own shape', async () => {
  const bed = await startBed();
  bed.azure.faults.add('*', { kind: 'error', status: 503 });
  expect(refusalOf(await bed.get('/subscriptions?api-version=2022-12-01'))).toBe(
    '503 ServiceUnavailable',
  );
  expect(refusalOf(await bed.get('/acme/?comp=list'))).toBe('503 ServerBusy');
});

test.each([
  ['malformed', '{"access_token": "eyJ0'],
  ['empty', ''],
  ['html', '<!DOCTYPE html>'],
] as const)('200 and a %s body', async (body, start) => {
  const bed = await startBed();
  bed.azure.faults.add('entra:client-secret', { kind: 'body', body });
  const answer = await bed.withSecret();
  expect(answer.status).toBe(200);
  expect(answer.text.slice(0, start.length)).toBe(start);
});

test.each<[string, unknown]>([
  ['expires_in', undefined],
  ['expires_in', 'soon'],
  ['expires_in', 0],
  ['access_token', 7],
])('a token answer whose %s is %s', async (name, value) => {
  const bed = await startBed();
  bed.azure.faults.add('entra:client-secret', { kind: 'field', name, value });
  const { status, body } = await bed.withSecret();
  expect(status).toBe(200);
  expect(body[name]).toEqual(value);
  expect(body['token_type']).toBe('Bearer');
});

test('down, up again; a reset connection; a slow answer; a clock that is off', async () => {
  const bed = await startBed();
  await bed.azure.faults.down();
  await expect(bed.withSecret()).rejects.toThrow();
  await bed.azure.faults.up();
  expect((await bed.withSecret()).status).toBe(200);
  bed.azure.faults.add('entra:*', { kind: 'reset' }, 1);
  await expect(bed.withSecret()).rejects.toThrow();
  bed.azure.faults.add('entra:*', { kind: 'slow', milliseconds: 3_000 }, 1);
  const slow = bed.withSecret();
  while (bed.azure.calls.count('entra:client-secret') < 3) {
    await new Promise((resolve) => setImmediate(resolve));
  }
  await bed.clock.advance(3_000);
  expect((await slow).status).toBe(200);
  bed.azure.faults.add('entra:*', { kind: 'clock-skew', milliseconds: 3600_000 }, 1);
  const skewed = await bed.withSecret();
  expect(Date.parse(skewed.headers.get('date') ?? '')).toBe(bed.clock.now() + 3600_000);
});

test('the log tells who, what for and what came of it, without secrets', async () => {
  const bed = await startBed();
  const { body } = await bed.withSecret();
  await bed.withSecret({ client_secret: 'planted' });
  expect(bed.azure.log).toMatchObject([
    {
      operation: 'entra:client-secret',
      principal: bed.app.clientId,
      target: 'https://management.azure.com',
      status: 200,
    },
    { operation: 'entra:client-secret', status: 401, code: 'AADSTS7000215' },
  ]);
  const log = JSON.stringify(bed.azure.log);
  expect(log).not.toContain(String(body['access_token']));
  expect(log).not.toContain('planted');
  expect(log).not.toContain(bed.secret.value);
});
