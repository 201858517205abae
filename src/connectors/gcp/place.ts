import { textOf } from '../fields/text-of.ts';
import { z } from 'zod';

import { checkedBy, listOf } from '../fields/flat-values.ts';
import { keepsSecrets, namesNobody } from '../outbound/near-hosts.ts';
import type { GcpPlace } from './cloud.ts';
import { parseScope } from './scopes.ts';

export const GOOGLE_UNIVERSE = 'googleapis.com';

/** Project ids, those of a domain (`example.com:data`) among them. Resource Manager, "Creating projects". */
const PROJECT_ID = /^(?:[a-z\d][a-z\d.-]*:)?[a-z][a-z\d-]{4,28}[a-z\d]$/;
const DOMAIN = /^[a-z\d](?:[a-z\d-]*[a-z\d])?(?:\.[a-z\d](?:[a-z\d-]*[a-z\d])?)+$/;

const projectId = z
  .string()
  .regex(PROJECT_ID, 'use the id of a project, such as data-prod-123456, not its name or number');
export const email = z
  .string()
  .regex(/^[^\s@:/,"\\]+@[^\s@:/,"\\]+\.[^\s@:/,"\\]+$/, 'this is no e-mail address')
  // It is shown in terminals and becomes a part of paths.
  .regex(/^\P{C}*$/u, 'this is no e-mail address')
  .max(254);
const scopeToken = z.string().max(512).superRefine(checkedBy(parseScope));

const secretUrl = z
  .url({
    protocol: /^https?$/,
    error: 'use a URL such as https://oauth2.googleapis.com/token',
    abort: true,
  })
  .refine(namesNobody, 'a URL in a connector’s file carries no user and password')
  .refine(
    (text) => keepsSecrets(new URL(text)),
    'use https: tokens would cross the network in clear',
  );

/** A path is put behind it, so that a query would swallow the path. */
const secretBase = secretUrl.refine((text) => !/[?#]/.test(text), 'a base URL ends with its path');

/** Where a connector works; every auth method has these. */
export const placeFields = {
  project_number: z
    .string()
    .regex(/^\d{6,20}$/, 'use the project’s number')
    .optional()
    .describe('Number of the project, for clients that ask the metadata server for it'),
  universe_domain: z
    .string()
    .regex(DOMAIN, 'use a domain such as googleapis.com')
    .max(253)
    .default(GOOGLE_UNIVERSE)
    .describe('Domain of the Google Cloud that is meant: googleapis.com but for sovereign clouds'),
  token_endpoint: secretUrl
    .optional()
    .describe('URL of the OAuth token service, whole, instead of Google’s own'),
  sts_endpoint: secretBase
    .optional()
    .describe('URL of the Security Token Service without a path, instead of Google’s own'),
  iamcredentials_endpoint: secretBase
    .optional()
    .describe('URL of the IAM Credentials service without a path, instead of Google’s own'),
  storage_endpoint: secretBase
    .optional()
    .describe('Base URL of Cloud Storage’s JSON API, for listing and verifying buckets'),
};

/** What tokens are for; the methods choose what of it is required. */
export const accountFields = {
  project_id: projectId.describe(
    'Id of the project that clients work in, such as data-prod-123456',
  ),
  account_email: email.optional().describe('E-mail address of the account, as clients are told it'),
  scopes: listOf(scopeToken)
    .refine((list) => list.length > 0, 'give one scope at least')
    .optional()
    .describe('OAuth scopes of the usual token. Default: cloud-platform and userinfo.email'),
  quota_project: projectId
    .optional()
    .describe('Project that API calls of a person are counted against'),
};

/** What the functions here read; any connector's configuration is one. */
export interface PlaceConfig {
  readonly universe_domain?: string | undefined;
  readonly token_endpoint?: string | undefined;
  readonly sts_endpoint?: string | undefined;
  readonly iamcredentials_endpoint?: string | undefined;
  readonly storage_endpoint?: string | undefined;
}

export function gcpPlace(config: PlaceConfig): GcpPlace {
  return {
    universeDomain: config.universe_domain ?? GOOGLE_UNIVERSE,
    tokenEndpoint: config.token_endpoint,
    stsEndpoint: config.sts_endpoint,
    iamCredentialsEndpoint: config.iamcredentials_endpoint,
    storageEndpoint: config.storage_endpoint,
  };
}

/** The same of a configuration that is not typed here: a resource type sees every method's. */
export function placeOf(config: Readonly<Record<string, unknown>>): GcpPlace {
  return gcpPlace({
    universe_domain: textOf(config, 'universe_domain'),
    token_endpoint: textOf(config, 'token_endpoint'),
    sts_endpoint: textOf(config, 'sts_endpoint'),
    iamcredentials_endpoint: textOf(config, 'iamcredentials_endpoint'),
    storage_endpoint: textOf(config, 'storage_endpoint'),
  });
}
