import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Writable } from 'node:stream';

import { describe, expect, test } from 'vitest';

import { ValetkeyError } from '../../src/core/errors.ts';
import type { Event } from '../../src/core/events.ts';
import { createAudit } from '../../src/telemetry/audit.ts';
import { createLog } from '../../src/telemetry/log.ts';
import { createMetrics } from '../../src/telemetry/metrics.ts';
import { redact } from '../../src/telemetry/redact.ts';
import { temporaryHome } from '../support/home.ts';

const AT = Date.parse('2026-11-02T09:00:00Z');
const subject = {
  connector: 'aws-dev',
  resources: [{ type: 's3-bucket', id: 's3://zenfiles', access: 'read' }] as const,
};
const issued: Event = {
  type: 'issued',
  at: AT,
  evidence: {
    workload: 'dev',
    by: 'token',
    endpoint: '127.0.0.1:9911',
    uid: 1000,
    pid: 42,
    executable: '/usr/bin/python3',
  },
  subject,
  credentialId: 'ASIAEXAMPLE',
  expiresAt: AT + 3_600_000,
  narrowed: true,
};

async function logged(events: readonly Event[]): Promise<readonly Record<string, unknown>[]> {
  let text = '';
  const log = createLog(
    () => 'info',
    new Writable({
      write: (chunk: Buffer, _encoding, done) => {
        text += chunk.toString('utf8');
        done();
      },
    }),
  );
  for (const event of events) log.listen(event);
  await log.flush();
  return text
    .trim()
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

describe('invariant 11: the audit trail', () => {
  test('one line with everything but the secret, in a 0600 file', async () => {
    const path = join(await temporaryHome(), 'audit.jsonl');
    const audit = createAudit(path, (error) => {
      throw error;
    });
    audit.listen(issued);
    await audit.flush();
    expect(JSON.parse(await readFile(path, 'utf8'))).toEqual({
      time: '2026-11-02T09:00:00.000Z',
      workload: 'dev',
      by: 'token',
      endpoint: '127.0.0.1:9911',
      uid: 1000,
      pid: 42,
      executable: '/usr/bin/python3',
      connector: 'aws-dev',
      resources: subject.resources,
      narrowed: true,
      credentialId: 'ASIAEXAMPLE',
      expiresAt: '2026-11-02T10:00:00.000Z',
    });
    expect((await stat(path)).mode & 0o777).toBe(0o600);
  });

  test('a bearer token: its scopes, or its audience', async () => {
    const path = join(await temporaryHome(), 'audit.jsonl');
    const audit = createAudit(path, (error) => {
      throw error;
    });
    audit.listen({ ...issued, scopes: ['openid', 'email'] });
    audit.listen({ ...issued, audience: 'https://a.example' });
    await audit.flush();
    const [access, identity] = (await readFile(path, 'utf8')).trim().split('\n');
    expect(JSON.parse(access ?? '')).toMatchObject({ scopes: ['openid', 'email'] });
    expect(JSON.parse(identity ?? '')).toMatchObject({ audience: 'https://a.example' });
    expect(identity).not.toContain('scopes');
  });

  test('a line that cannot be written is reported', async () => {
    const errors: unknown[] = [];
    const audit = createAudit(join(await temporaryHome('x'), 'config.yaml', 'audit.jsonl'), (e) =>
      errors.push(e),
    );
    audit.listen(issued);
    await audit.flush();
    expect(errors).toHaveLength(1);
  });
});

describe('the log', () => {
  test('a failure names the connector and the cloud’s code; its text is redacted', async () => {
    const vendor = new Error(
      'Signature AKIAIOSFODNN7EXAMPLE wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY is wrong',
    );
    const error = new ValetkeyError('UPSTREAM_BAD_CREDENTIAL', {
      upstreamCode: 'SignatureDoesNotMatch',
      cause: vendor,
    });
    const [line] = await logged([
      {
        type: 'failed',
        at: AT,
        subject,
        code: error.code,
        upstreamCode: error.upstreamCode,
        cause: error,
        retryInMs: 60_000,
      },
    ]);
    expect(line).toMatchObject({
      level: 50,
      subject: { connector: 'aws-dev' },
      upstreamCode: 'SignatureDoesNotMatch',
    });
    expect(JSON.stringify(line)).not.toContain('wJalrXUtnFEMI');
  });

  test('invariant 8: a flood of refusals is a bounded number of lines', async () => {
    const refused: Event = {
      type: 'refused',
      at: AT,
      listener: 'l',
      why: 'wrong secret',
      status: 403,
    };
    expect(await logged(Array.from({ length: 10_000 }, () => refused))).toHaveLength(60);
  });

  test('requests alone are not logged', async () => {
    expect(await logged([{ type: 'answered', endpoint: 'ecs', status: 200 }])).toEqual([]);
  });
});

describe('redact', () => {
  test.each([
    ['secret key', 'aws_secret_access_key=wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY', 'wJalr'],
    ['short secret behind its name', '{"SecretAccessKey": "short"}', 'short"'],
    ['session token', 'IQoJb3JpZ2luX2VjEXAMPLETOKENEXAMPLETOKEN//////////', 'IQoJ'],
    ['jwt', 'token was eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ4In0.c2ln here', 'eyJ'],
    ['private key', '-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----', 'MIIE'],
    ['age key', 'AGE-SECRET-KEY-1QQQ', '1QQQ'],
    ['named key', 'the secret is secret=-----BEGIN KEY-----\nMIIE\n-----END KEY-----', 'MIIE'],
    ['line break', 'a\nFAKE LOG LINE', '\n'],
  ])('%s', (_name, text, gone) => {
    expect(redact(text)).not.toContain(gone);
  });

  test.each([
    'AccessDenied: User arn:aws:iam::123:user/ada may not sts:AssumeRole',
    'UPSTREAM_BAD_CREDENTIAL: gcp-dev: the cloud does not accept the stored credential',
    'ID_TOKEN_UNSUPPORTED: gcp-dev: no identity token can be made for this credential',
  ])('what helps stays: %s', (text) => {
    expect(redact(text)).toBe(text);
  });
});

test('invariant 8: metric labels are bounded', async () => {
  const metrics = createMetrics();
  for (let i = 0; i < 5_000; i += 1) {
    metrics.listen({ type: 'refused', at: AT, listener: 'l', why: `why ${i}`, status: 403 });
  }
  metrics.listen(issued);
  const text = await metrics.render();
  expect(text.split('\n').length).toBeLessThan(300);
  expect(text).toContain('valetkey_credentials_issued_total');
  expect(text).toMatch(/valetkey_refused_total\{why="other"\} 4\d\d\d/);
});
