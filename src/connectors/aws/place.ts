import { textOf } from '../fields/text-of.ts';
import { z } from 'zod';

import { parseKmsKeyArn, parseRegion, partitionOfRegion } from './arn.ts';
import type { StsPlace } from './cloud.ts';
import { checkedBy } from '../fields/flat-values.ts';
import { keepsSecrets, namesNobody } from '../outbound/near-hosts.ts';

const region = z.string().superRefine(checkedBy(parseRegion));
const url = z
  .url({
    protocol: /^https?$/,
    error: 'use a URL such as https://sts.eu-central-1.amazonaws.com',
    abort: true,
  })
  .refine(namesNobody, 'a URL in a connector’s file carries no user and password');
/** What STS answers are keys in clear, and a web identity goes there as it is. */
const secretUrl = url.refine(
  (text) => keepsSecrets(new URL(text)),
  'use https: STS’s answers would cross the network in clear (where it must be, the daemon’s AWS_ENDPOINT_URL_STS takes http)',
);

/** Where a connector works; every auth method has these. */
export const placeFields = {
  region: region.describe('Region that clients work in, such as eu-central-1'),
  sts_region: region
    .optional()
    .describe('Region whose STS is asked; the session is valid in every region. Default: region'),
  sts_endpoint: secretUrl
    .optional()
    .describe('URL of STS or of a compatible service, instead of the region’s own'),
  endpoint_url: url
    .optional()
    .describe('URL of S3 or of a compatible store, for listing and verifying buckets'),
  kms_key_arn: z
    .string()
    .superRefine(checkedBy(parseKmsKeyArn))
    .optional()
    .describe(
      'ARN of the KMS key that encrypts the buckets; scoped credentials may then use it through S3',
    ),
};

/** The same for methods that can find the region themselves. */
export const foundPlaceFields = {
  ...placeFields,
  region: placeFields.region
    .optional()
    .describe('Region that clients work in; taken from the source of the credentials when absent'),
};

/** For `superRefine`: everything is in the region's partition. */
export function checkPlace(
  config: PlaceConfig & { readonly kms_key_arn?: string | undefined },
  ctx: z.RefinementCtx,
): void {
  if (config.region === undefined) return;
  const { sts_region, kms_key_arn } = config;
  const own = partitionOfRegion(config.region);
  const others = {
    sts_region: sts_region && partitionOfRegion(sts_region),
    kms_key_arn: kms_key_arn && parseKmsKeyArn(kms_key_arn).partition,
  };
  for (const [field, partition] of Object.entries(others)) {
    if (partition === undefined || partition === own) continue;
    const message = `it is in partition ${partition}, region ${config.region} is not`;
    ctx.addIssue({ code: 'custom', path: [field], message });
  }
}

/** What the functions here read; any connector's configuration is one. */
export interface PlaceConfig {
  readonly region?: string | undefined;
  readonly sts_region?: string | undefined;
  readonly sts_endpoint?: string | undefined;
}

export function stsPlace(config: PlaceConfig): StsPlace {
  return { region: config.sts_region ?? config.region, endpoint: config.sts_endpoint };
}

export function s3Place(config: Readonly<Record<string, unknown>>): StsPlace {
  return { region: textOf(config, 'region'), endpoint: textOf(config, 'endpoint_url') };
}
