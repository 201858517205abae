import { startAwsStandIn } from '../stand-ins/aws/server.ts';
import type { AwsStandIn } from '../stand-ins/aws/server.ts';

/** The embedded cloud of the demo: one person with a long-lived key, one role, two buckets. */
export interface DemoCloud {
  readonly aws: AwsStandIn;
  readonly roleArn: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

export const BUCKET = 'zenfiles';
export const OTHER_BUCKET = 'payroll';
export const KEY = 'train.csv';

export async function startDemoCloud(): Promise<DemoCloud> {
  const aws = await startAwsStandIn();
  const person = aws.accounts.addUser({ name: 'ada' });
  const role = aws.accounts.putRole({
    name: 'ml-training',
    trust: {
      Version: '2012-10-17',
      Statement: [{ Effect: 'Allow', Principal: { AWS: person.arn }, Action: 'sts:AssumeRole' }],
    },
    policies: [
      { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: 's3:*', Resource: '*' }] },
    ],
  });
  for (const name of [BUCKET, OTHER_BUCKET]) {
    aws.buckets.add(name);
    aws.buckets.put(name, KEY, Buffer.from('x,y\n1,2\n'));
  }
  const { accessKeyId, secretAccessKey } = person;
  return { aws, roleArn: role.arn, accessKeyId, secretAccessKey };
}
