import { S3Client } from '@aws-sdk/client-s3';
import { STSClient } from '@aws-sdk/client-sts';
import type { Credentials } from '@aws-sdk/client-sts';
import { onTestFinished } from 'vitest';
import { startAwsStandIn } from '../../../src/stand-ins/aws/server.ts';
import type { AwsStandIn, AwsStandInOptions } from '../../../src/stand-ins/aws/server.ts';
import { fakeClock } from '../../support/fake-clock.ts';

export interface Keys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string | undefined;
}

/** A stand-in on a fake clock, and real SDK clients that believe the same time. */
export async function startBed(options: Pick<AwsStandInOptions, 'faults'> = {}) {
  const clock = fakeClock();
  const aws: AwsStandIn = await startAwsStandIn({ clock, ...options });
  const closers: (() => void)[] = [];
  onTestFinished(async () => {
    for (const close of closers) close();
    await aws.stop();
  });
  const config = (keys: Keys | undefined, region: string) => ({
    endpoint: aws.url,
    region,
    maxAttempts: 1,
    systemClockOffset: clock.now() - Date.now(),
    credentials: {
      accessKeyId: keys?.accessKeyId ?? 'none',
      secretAccessKey: keys?.secretAccessKey ?? 'none',
      ...(keys?.sessionToken === undefined ? {} : { sessionToken: keys.sessionToken }),
    },
  });
  const keep = <Client extends { destroy(): void }>(client: Client): Client => {
    closers.push(() => client.destroy());
    return client;
  };
  return {
    aws,
    clock,
    /** Without keys: for the calls that are not signed. */
    sts: (keys?: Keys, region = 'eu-west-1') => keep(new STSClient(config(keys, region))),
    s3: (keys: Keys, region = 'eu-west-1') =>
      keep(new S3Client({ ...config(keys, region), forcePathStyle: true })),
  };
}

export type Bed = Awaited<ReturnType<typeof startBed>>;

/** The part of an SDK answer that signs the next request. */
export function keysOf(answer: {
  Credentials?: Credentials | undefined;
}): Required<Keys> & { expiration: Date } {
  const found = answer.Credentials;
  if (!found?.AccessKeyId || !found.SecretAccessKey || !found.SessionToken || !found.Expiration) {
    throw new Error('the answer has no whole credentials');
  }
  return {
    accessKeyId: found.AccessKeyId,
    secretAccessKey: found.SecretAccessKey,
    sessionToken: found.SessionToken,
    expiration: found.Expiration,
  };
}

/** One statement, one policy. */
export function policy(...statements: object[]): object {
  return { Version: '2012-10-17', Statement: statements };
}

export function allow(action: string | string[], resource: string | string[] = '*', rest = {}) {
  return { Effect: 'Allow', Action: action, Resource: resource, ...rest };
}

export function deny(action: string | string[], resource: string | string[] = '*', rest = {}) {
  return { Effect: 'Deny', Action: action, Resource: resource, ...rest };
}

/** A trust policy for one principal ARN. */
export function trust(
  arn: string,
  rest: object = {},
  action: string | string[] = 'sts:AssumeRole',
) {
  return policy({ Effect: 'Allow', Principal: { AWS: arn }, Action: action, ...rest });
}

/** `code status` of what an SDK call is refused with; fails when it is not refused. */
export async function refusalOf(call: Promise<unknown>): Promise<string> {
  try {
    await call;
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    return `${error.name} ${statusOf(error)}`;
  }
  throw new Error('the call was not refused');
}

function statusOf(error: Error & { $metadata?: { httpStatusCode?: number | undefined } }): string {
  return String(error.$metadata?.httpStatusCode);
}
