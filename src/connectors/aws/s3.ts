import type * as S3Sdk from '@aws-sdk/client-s3';
import { z } from 'zod';

import type { Machine } from '../contract.ts';
import type { AwsKeys, S3, StsPlace } from './cloud.ts';
import { mapSdkError } from './sdk-errors.ts';
import { createHttpHandler, explicitOptions, resolvePlace, signBy } from './sdk-options.ts';

type Sdk = typeof S3Sdk;
type S3Client = S3Sdk.S3Client;

const PAGE = 1000; // MaxBuckets, S3 API Reference, ListBuckets

/**
 * S3 by AWS's SDK, which is loaded at the first call. A bucket in another region than the
 * connector's is followed there.
 */
export function createS3(machine: Machine): S3 {
  const { env, clock } = machine;
  const handler = createHttpHandler(env);

  async function open(keys: AwsKeys, place: StsPlace): Promise<{ client: S3Client; sdk: Sdk }> {
    const where = resolvePlace(env, place, 'AWS_ENDPOINT_URL_S3');
    const [sdk, requestHandler] = await Promise.all([import('@aws-sdk/client-s3'), handler()]);
    const client = new sdk.S3Client({
      ...explicitOptions(env, where, keys),
      requestHandler,
      // Compatible stores seldom have a host name per bucket.
      forcePathStyle: where.endpoint !== undefined,
      disableS3ExpressSessionAuth: true,
      useArnRegion: false,
      requestChecksumCalculation: 'WHEN_REQUIRED',
      responseChecksumValidation: 'WHEN_REQUIRED',
    });
    signBy(machine, client);
    return { client, sdk };
  }

  async function attempt(
    keys: AwsKeys,
    place: StsPlace,
    signal: AbortSignal,
    run: (client: S3Client, sdk: Sdk, options: { abortSignal: AbortSignal }) => Promise<unknown>,
    moved = false,
  ): Promise<void> {
    signal.throwIfAborted();
    try {
      const { client, sdk } = await open(keys, place);
      await run(client, sdk, { abortSignal: signal });
    } catch (error) {
      const region = moved ? undefined : homeOf(error);
      if (region === undefined || region === place.region) {
        throw mapSdkError(error, clock.now(), signal);
      }
      await attempt(keys, { ...place, region }, signal, run, true);
    }
  }

  return {
    async *listBuckets(keys, place, signal) {
      signal.throwIfAborted();
      try {
        const { client, sdk } = await open(keys, place);
        const pages = sdk.paginateListBuckets(
          { client, pageSize: PAGE, stopOnSameToken: true },
          {},
          { abortSignal: signal },
        );
        for await (const { Buckets = [] } of pages) {
          yield Buckets.map(({ Name }) => Name).filter((name) => name !== undefined);
        }
      } catch (error) {
        throw mapSdkError(error, clock.now(), signal);
      }
    },
    headBucket: (keys, bucket, place, signal) =>
      attempt(keys, place, signal, (client, sdk, options) =>
        client.send(new sdk.HeadBucketCommand({ Bucket: bucket }), options),
      ),
    probeList: (keys, bucket, prefix, place, signal) =>
      attempt(keys, place, signal, (client, sdk, options) =>
        client.send(
          new sdk.ListObjectsV2Command({ Bucket: bucket, Prefix: prefix, MaxKeys: 1 }),
          options,
        ),
      ),
  };
}

const Refusal = z.object({
  $response: z.object({
    headers: z.object({ 'x-amz-bucket-region': z.string().regex(/^[a-z0-9-]+$/) }),
  }),
});

/** Every refusal by S3 names the region that the bucket is in; the SDK itself follows only some. */
function homeOf(error: unknown): string | undefined {
  return Refusal.safeParse(error).data?.$response.headers['x-amz-bucket-region'];
}
