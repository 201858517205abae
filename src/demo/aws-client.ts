/*
 * A program as anybody would write it: the AWS SDK with no word about credentials. Run by the demo as
 * a process of its own, told nothing but environment variables. Prints one JSON line.
 */
import { GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';

const [own = '', other = '', key = ''] = process.argv.slice(2);
const sts = new STSClient({});
const s3 = new S3Client({ forcePathStyle: true });

/** `ok`, or the service's own word for why not. */
async function attempt(work: () => Promise<unknown>): Promise<string> {
  try {
    await work();
    return 'ok';
  } catch (error) {
    return error instanceof Error ? error.name : String(error);
  }
}

const identity = await sts.send(new GetCallerIdentityCommand({}));
const { accessKeyId } = await sts.config.credentials();
process.stdout.write(
  `${JSON.stringify({
    arn: identity.Arn,
    accessKeyId,
    readOwn: await attempt(() => s3.send(new GetObjectCommand({ Bucket: own, Key: key }))),
    writeOwn: await attempt(() =>
      s3.send(new PutObjectCommand({ Bucket: own, Key: 'new', Body: 'x' })),
    ),
    readOther: await attempt(() => s3.send(new GetObjectCommand({ Bucket: other, Key: key }))),
  })}\n`,
);
