import { ListBucketsCommand } from '@aws-sdk/client-s3';
import { SSOClient, ListAccountsCommand } from '@aws-sdk/client-sso';
import { AssumeRoleCommand, GetCallerIdentityCommand } from '@aws-sdk/client-sts';
import { describe, expect, it, onTestFinished } from 'vitest';
import { startAwsStandIn } from '../../../src/stand-ins/aws/server.ts';
import { settle } from '../../support/fake-clock.ts';
import { allow, policy, refusalOf, startBed } from './setup.ts';

async function startFaultBed() {
  const bed = await startBed();
  const user = bed.aws.accounts.addUser({ name: 'dev', policies: [policy(allow('*'))] });
  const ask = () => bed.sts(user).send(new GetCallerIdentityCommand({}));
  return { ...bed, user, ask };
}

describe('faults', () => {
  it('throttle says it in each service’s own way', async () => {
    const bed = await startFaultBed();
    bed.aws.faults.add('*', { kind: 'throttle' });
    expect(await refusalOf(bed.ask())).toBe('Throttling 400');
    const buckets = bed.s3(bed.user).send(new ListBucketsCommand({}));
    expect(await refusalOf(buckets)).toBe('SlowDown 503');
    const portal = new SSOClient({ endpoint: bed.aws.url, region: 'eu-west-1', maxAttempts: 1 });
    onTestFinished(() => portal.destroy());
    const accounts = portal.send(new ListAccountsCommand({ accessToken: 'x' }));
    expect(await refusalOf(accounts)).toBe('TooManyRequestsException 429');
  });

  it('an error has the status and code asked for, and hits as often as asked', async () => {
    const bed = await startFaultBed();
    const fault = { kind: 'error', status: 503, code: 'ServiceUnavailable' } as const;
    bed.aws.faults.add('sts:GetCallerIdentity', fault, 1);
    expect(await refusalOf(bed.ask())).toBe('ServiceUnavailable 503');
    expect((await bed.ask()).Arn).toBe(bed.user.arn);
    expect(bed.aws.calls.count('sts:GetCallerIdentity')).toBe(2);
    expect(bed.aws.log.map(({ status, code }) => [status, code])).toEqual([
      [503, 'ServiceUnavailable'],
      [200, undefined],
    ]);
  });

  it('fits by operation and by service, the newest first, until removed', async () => {
    const bed = await startFaultBed();
    bed.aws.faults.add('s3:*', { kind: 'throttle' });
    bed.aws.faults.add('sts:AssumeRole', { kind: 'throttle' });
    expect((await bed.ask()).Arn).toBe(bed.user.arn);
    const remove = bed.aws.faults.add('sts:*', {
      kind: 'error',
      status: 500,
      code: 'InternalFailure',
    });
    const assume = new AssumeRoleCommand({ RoleArn: 'x'.repeat(20), RoleSessionName: 'app' });
    expect(await refusalOf(bed.sts(bed.user).send(assume))).toBe('InternalFailure 500');
    remove();
    expect(await refusalOf(bed.sts(bed.user).send(assume))).toBe('Throttling 400');
    bed.aws.faults.clear();
    expect(await refusalOf(bed.sts(bed.user).send(assume))).toBe('ValidationError 400');
  });

  it('garbage is a 200 that the SDK takes for a success with nothing in it', async () => {
    const bed = await startFaultBed();
    bed.aws.faults.add('*', { kind: 'garbage' });
    expect((await bed.ask()).Arn).toBeUndefined();
    const assume = new AssumeRoleCommand({ RoleArn: 'x'.repeat(20), RoleSessionName: 'app' });
    expect((await bed.sts(bed.user).send(assume)).Credentials).toBeUndefined();
  });

  it('reset cuts the connection', async () => {
    const bed = await startFaultBed();
    bed.aws.faults.add('*', { kind: 'reset' }, 1);
    await expect(bed.ask()).rejects.toMatchObject({ code: 'ECONNRESET' });
    expect((await bed.ask()).Arn).toBe(bed.user.arn);
  });

  it('down refuses connections, up takes the same port again', async () => {
    const bed = await startFaultBed();
    await bed.aws.faults.down();
    await expect(bed.ask()).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    await bed.aws.faults.up();
    expect((await bed.ask()).Arn).toBe(bed.user.arn);
  });

  it('delay answers when the clock says so, and by the time it was then asked', async () => {
    const bed = await startFaultBed();
    bed.aws.faults.add('*', { kind: 'delay', milliseconds: 5000 });
    const answers: string[] = [];
    const asked = bed.ask().then((answer) => answers.push(answer.Arn ?? ''));
    while (bed.aws.calls.count('sts:GetCallerIdentity') === 0) await settle();
    await bed.clock.advance(4999);
    expect(answers).toEqual([]);
    await bed.clock.advance(1);
    await asked;
    expect(answers).toEqual([bed.user.arn]);
  });

  it('hang lasts until the client gives up', async () => {
    const bed = await startFaultBed();
    bed.aws.faults.add('*', { kind: 'hang' });
    const controller = new AbortController();
    const call = bed
      .sts(bed.user)
      .send(new GetCallerIdentityCommand({}), { abortSignal: controller.signal });
    const ended = refusalOf(call);
    while (bed.aws.calls.count('sts:GetCallerIdentity') === 0) await settle();
    controller.abort();
    expect(await ended).toMatch(/^AbortError/);
  });

  it('a cloud clock that is off refuses, and dates its answer by it', async () => {
    const bed = await startFaultBed();
    const hour = 3_600_000;
    bed.aws.faults.add('*', { kind: 'clock-skew', milliseconds: hour });
    expect(await refusalOf(bed.ask())).toBe('SignatureDoesNotMatch 403');
    const { headers } = await fetch(bed.aws.url);
    expect(Date.parse(headers.get('date') ?? '')).toBe(bed.clock.now() + hour);
  });

  it('can be there from the start', async () => {
    const aws = await startAwsStandIn({
      faults: [{ operation: '*', fault: { kind: 'throttle' } }],
    });
    onTestFinished(() => aws.stop());
    const body = new URLSearchParams({ Action: 'GetCallerIdentity', Version: '2011-06-15' });
    const answer = await fetch(aws.url, { method: 'POST', body });
    expect(answer.status).toBe(400);
    expect(await answer.text()).toContain('<Code>Throttling</Code>');
    expect(aws.calls.all()).toEqual({ 'sts:GetCallerIdentity': 1 });
  });
});

describe('the wire', () => {
  it('is STS’s: a call without a signature, an action or a known version', async () => {
    const { aws } = await startFaultBed();
    const post = async (form: Record<string, string>) => {
      const answer = await fetch(aws.url, { method: 'POST', body: new URLSearchParams(form) });
      expect(answer.headers.get('content-type')).toBe('text/xml');
      const code = /<Code>(.*)<\/Code>/.exec(await answer.text())?.[1];
      return `${code} ${answer.status}`;
    };
    const Version = '2011-06-15';
    expect(await post({ Action: 'GetCallerIdentity', Version })).toBe(
      'MissingAuthenticationToken 403',
    );
    expect(await post({ Version })).toBe('MissingAction 400');
    expect(await post({ Action: 'AssumeRole' })).toBe('InvalidAction 400');
    expect(await post({ Action: 'AssumeRoot', Version })).toBe('InvalidAction 400');
  });
});
