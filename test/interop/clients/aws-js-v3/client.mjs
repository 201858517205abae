/**
 * AWS SDK for JavaScript v3 as anybody would use it: nothing about credentials, regions or endpoints
 * is said here.
 *
 * client.mjs identity | creds | s3-ls BUCKET | s3-get BUCKET KEY | s3-put BUCKET KEY | loop-get BUCKET KEY SECONDS
 * One JSON line on stdout; exit 0, 3 when access was denied, 1 for everything else.
 */
import { setTimeout } from 'node:timers/promises';
import {
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';

const PAUSE_MS = 250;

const s3 = () => new S3Client({ forcePathStyle: true });

async function read(client, Bucket, Key) {
  const object = await client.send(new GetObjectCommand({ Bucket, Key }));
  return object.Body.transformToString();
}

const verbs = {
  async identity() {
    const who = await new STSClient({}).send(new GetCallerIdentityCommand({}));
    return { arn: who.Arn, account: who.Account };
  },
  async creds() {
    const found = await s3().config.credentials();
    return {
      provider: Object.keys(found.$source ?? {}).join(','),
      accessKeyId: found.accessKeyId,
      hasToken: Boolean(found.sessionToken),
      expiration: found.expiration?.toISOString().replace('.000Z', 'Z') ?? null,
    };
  },
  async 's3-ls'(Bucket) {
    const list = await s3().send(new ListObjectsV2Command({ Bucket }));
    return { keys: (list.Contents ?? []).map((item) => item.Key) };
  },
  async 's3-get'(Bucket, Key) {
    return { body: await read(s3(), Bucket, Key) };
  },
  async 's3-put'(Bucket, Key) {
    await s3().send(new PutObjectCommand({ Bucket, Key, Body: 'put by aws-js-v3' }));
    return { put: Key };
  },
  async 'loop-get'(Bucket, Key, seconds) {
    const client = s3();
    const keyIds = new Set();
    let reads = 0;
    let errors = 0;
    let firstError = null;
    client.middlewareStack.add(
      (next) => (args) => {
        const signed = /Credential=([^/]+)\//.exec(args.request.headers.authorization ?? '');
        if (signed) keyIds.add(signed[1]);
        return next(args);
      },
      { step: 'deserialize', name: 'noteAccessKeyId' },
    );
    const until = performance.now() + Number(seconds) * 1000;
    while (performance.now() < until) {
      try {
        await read(client, Bucket, Key);
        reads += 1;
      } catch (error) {
        errors += 1;
        firstError ??= error.name;
      }
      await setTimeout(PAUSE_MS);
    }
    return { reads, errors, accessKeyIds: [...keyIds], firstError };
  },
};

const [verb, ...args] = process.argv.slice(2);
try {
  const result = await verbs[verb](...args);
  console.log(JSON.stringify(result));
  process.exitCode = result.errors ? 1 : 0;
} catch (error) {
  console.log(JSON.stringify({ error: error.name, message: error.message }));
  process.exitCode = error.name === 'AccessDenied' ? 3 : 1;
}
