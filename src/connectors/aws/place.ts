import { z } from 'zod';

import { parseKmsKeyArn, parseRegion } from './arn.ts';
import type { StsPlace } from './cloud.ts';
import { checkedBy } from './flat-values.ts';

const region = z.string().superRefine(checkedBy(parseRegion));
const url = z.url({
  protocol: /^https?$/,
  error: 'use a URL such as https://sts.eu-central-1.amazonaws.com',
});

/** Where a connector works; every auth method has these. */
export const placeFields = {
  region: region.describe('Region that clients work in, such as eu-central-1'),
  sts_region: region
    .optional()
    .describe('Region whose STS is asked; the session is valid in every region. Default: region'),
  sts_endpoint: url
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

/** What the two functions below read; any connector's configuration is one. */
export interface PlaceConfig {
  readonly region?: string | undefined;
  readonly sts_region?: string | undefined;
  readonly sts_endpoint?: string | undefined;
}

export function stsPlace(config: PlaceConfig): StsPlace {
  return { region: config.sts_region ?? config.region, endpoint: config.sts_endpoint };
}

/** Of a configuration that is not typed here: a resource type sees every method's. */
export function textOf(
  config: Readonly<Record<string, unknown>>,
  field: string,
): string | undefined {
  const value = config[field];
  return typeof value === 'string' ? value : undefined;
}

export function s3Place(config: Readonly<Record<string, unknown>>): StsPlace {
  return { region: textOf(config, 'region'), endpoint: textOf(config, 'endpoint_url') };
}
