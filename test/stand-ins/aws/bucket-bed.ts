import { GetObjectCommand } from '@aws-sdk/client-s3';
import type { S3Client } from '@aws-sdk/client-s3';
import { AssumeRoleCommand } from '@aws-sdk/client-sts';
import { allow, keysOf, policy, startBed, trust } from './setup.ts';

export const Bucket = 'data';

/** An owner who may do everything, one bucket of his and three objects. */
export async function startBucketBed() {
  const bed = await startBed();
  const owner = bed.aws.accounts.addUser({ name: 'owner', policies: [policy(allow('*'))] });
  bed.aws.buckets.add(Bucket);
  for (const key of ['a/1', 'a/2', 'b/1']) bed.aws.buckets.put(Bucket, key, `content of ${key}`);
  const role = bed.aws.accounts.putRole({
    name: 'app',
    trust: trust(owner.arn),
    policies: [policy(allow('s3:*'))],
  });
  /** Whoever has this session policy, and a role that may do anything with S3. */
  const narrowed = async (...statements: object[]): Promise<S3Client> => {
    const answer = await bed.sts(owner).send(
      new AssumeRoleCommand({
        RoleArn: role.arn,
        RoleSessionName: 'app',
        Policy: JSON.stringify(policy(...statements)),
      }),
    );
    return bed.s3(keysOf(answer));
  };
  return { ...bed, owner, narrowed, role, client: bed.s3(owner) };
}

/** The content of an object, read as this client. */
export const text = async (client: S3Client, Key: string) =>
  (await client.send(new GetObjectCommand({ Bucket, Key }))).Body?.transformToString();
