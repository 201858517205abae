import { onTestFinished } from 'vitest';

import { startAwsStandIn } from '../../src/stand-ins/aws/server.ts';
import type { AwsStandIn } from '../../src/stand-ins/aws/server.ts';
import type { FakeClock } from './fake-clock.ts';
import { fakeClock } from './fake-clock.ts';

/** A small AWS: a person with a long-lived key who may assume one role and list buckets. */
export interface TestCloud {
  readonly aws: AwsStandIn;
  readonly clock: FakeClock;
  readonly roleArn: string;
  readonly mfaSerial: string;
  mfaCode(): string;
  /** A second key of the same person, to rotate to. */
  addKey(): { readonly accessKeyId: string; readonly secretAccessKey: string };
  /** Attributes of an `iam-role` connector. */
  readonly roleAttributes: Record<string, string>;
  /** Attributes of a `session-token` or `secret-key` connector. */
  readonly keyAttributes: Record<string, string>;
  /** Variables that lead the daemon's upstream calls here. */
  readonly env: Record<string, string>;
}

/** `systemTime`: for clients in processes of their own, which sign with the machine's clock. */
export async function testCloud({ systemTime = false } = {}): Promise<TestCloud> {
  const clock = fakeClock();
  const aws = await startAwsStandIn(systemTime ? {} : { clock });
  onTestFinished(() => aws.stop());
  const everything = {
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }],
  };
  const person = aws.accounts.addUser({ name: 'ada', policies: [everything] });
  const role = aws.accounts.putRole({
    name: 'training',
    trust: {
      Version: '2012-10-17',
      Statement: [{ Effect: 'Allow', Principal: { AWS: person.arn }, Action: 'sts:AssumeRole' }],
    },
    policies: [everything],
    maxSessionSeconds: 43_200,
  });
  for (const bucket of ['zenfiles', 'payroll']) aws.buckets.add(bucket);
  const keyAttributes = {
    aws_access_key_id: person.accessKeyId,
    aws_secret_access_key: person.secretAccessKey,
    region: 'eu-west-1',
  };
  return {
    aws,
    clock,
    roleArn: role.arn,
    mfaSerial: person.mfaSerial,
    mfaCode: person.mfaCode,
    addKey: () => aws.accounts.addKey(person.user),
    keyAttributes,
    roleAttributes: { ...keyAttributes, role_arn: role.arn },
    env: { AWS_ENDPOINT_URL: aws.url },
  };
}
