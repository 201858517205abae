import { textOf } from '../fields/text-of.ts';
import { z } from 'zod';

import { listOf } from '../fields/flat-values.ts';
import { keepsSecrets, namesNobody } from '../outbound/near-hosts.ts';
import type { AzureEnvironment, AzurePlace } from './cloud.ts';

const GUID = /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/i;
const DOMAIN = /^[a-z\d](?:[a-z\d-]*[a-z\d])?(?:\.[a-z\d](?:[a-z\d-]*[a-z\d])?)+$/i;

const lower = (text: string): string => text.toLowerCase();
export const guid = (what: string) =>
  z.string().regex(GUID, `use ${what}, like 00000000-0000-0000-0000-000000000000`).transform(lower);

/** Directories that stand for more than one; tokens of applications are never for these. */
const ANY_TENANT = ['organizations', 'common', 'consumers'] as const;

export const tenant = z
  .string()
  .max(253)
  .refine(
    (text) =>
      GUID.test(text) || DOMAIN.test(text) || (ANY_TENANT as readonly string[]).includes(text),
    'use the directory’s id (GUID) or domain, or organizations',
  )
  .transform(lower);

const secretBase = z
  .url({
    protocol: /^https?$/,
    error: 'use a URL such as https://login.microsoftonline.com',
    abort: true,
  })
  .refine(namesNobody, 'a URL in a connector’s file carries no user and password')
  .refine(
    (text) => keepsSecrets(new URL(text)),
    'use https: tokens would cross the network in clear',
  )
  .refine((text) => !/[?#]/.test(text), 'a base URL ends with its path');

/**
 * What a token may be for: a URL or an application's id. Printable and without spaces, quotes or stars,
 * as it becomes a part of a scope; one slash at the end is a part of it.
 */
const AUDIENCE = /^[A-Za-z\d][\w.~:/@$&+,;=%-]*$/;
export const audience = z
  .string()
  .max(512)
  .regex(AUDIENCE, 'use an audience such as https://storage.azure.com or an application’s id')
  .refine((text) => !text.endsWith('/.default'), 'leave out /.default: an audience is meant');

/** Where a connector works, and what for; every auth method has these. */
export const placeFields = {
  environment: z
    .enum(['public', 'us-government', 'china'])
    .default('public')
    .describe('Cloud of Microsoft: public, us-government or china'),
  authority_host: secretBase
    .optional()
    .describe('URL of the token service without a tenant, instead of the environment’s own'),
  arm_endpoint: secretBase
    .optional()
    .describe('URL of Resource Manager, instead of the environment’s own'),
  blob_endpoint: secretBase
    .optional()
    .describe('Base URL of the storage account’s blobs, instead of the environment’s own'),
  audiences: listOf(audience)
    .refine((list) => list.length > 0, 'give one audience at least')
    .optional()
    .describe('Audiences that tokens may be for; the first is the usual one. Default: any'),
  subscription_id: guid('the subscription’s id')
    .optional()
    .describe('Id of the subscription that clients work in'),
  storage_account: z
    .string()
    .regex(/^[a-z\d]{3,24}$/, 'an account’s name has 3 to 24 small letters and digits')
    .optional()
    .describe('Storage account that the connector’s containers are in. Default: any'),
  resource_group: z
    .string()
    .regex(/^[\w.()-]{0,89}[\w()-]$/, 'this is no name of a resource group')
    .optional()
    .describe('Resource group that storage accounts are looked for in. Default: any'),
};

/** How clients are told the identity, and how they may name it. */
export const identityFields = {
  object_id: guid('the object id')
    .optional()
    .describe('Object (principal) id of the identity, by which clients may name it'),
  identity_resource_id: z
    .string()
    .max(1024)
    .regex(
      /^\/subscriptions\/[^\s/]+\/resourcegroups\/[^\s/]+\/providers\/microsoft\.managedidentity\/userassignedidentities\/[^\s/]+$/i,
      'use the resource id of a user-assigned identity',
    )
    .optional()
    .describe('Resource id of a user-assigned identity, by which clients may name it'),
};

/** An application in its directory. */
export const appFields = {
  tenant_id: guid('the directory (tenant) id').describe(
    'Id of the directory (tenant) that the application is registered in',
  ),
  client_id: guid('the application (client) id').describe('Application (client) id'),
  for_tenant: guid('the directory (tenant) id')
    .optional()
    .describe('Another directory that tokens are asked for in. Default: the application’s own'),
  additionally_allowed_tenants: listOf(z.literal('*').or(guid('directory ids, or *')))
    .optional()
    .describe('Directories beside its own that for_tenant may name; * for every one'),
};

export interface AppConfig {
  readonly tenant_id: string;
  readonly client_id: string;
  readonly for_tenant?: string | undefined;
  readonly additionally_allowed_tenants?: readonly string[] | undefined;
}

/** For `superRefine`: another directory is asked only where that was said twice. */
export function checkTenant(
  { tenant_id, for_tenant, additionally_allowed_tenants: also = [] }: AppConfig,
  ctx: z.RefinementCtx,
): void {
  if (for_tenant === undefined || for_tenant === tenant_id) return;
  if (also.includes(for_tenant) || also.includes('*')) return;
  const message = 'allow this directory under additionally_allowed_tenants';
  ctx.addIssue({ code: 'custom', path: ['for_tenant'], message });
}

/** What the functions here read; any connector's configuration is one. */
export interface PlaceConfig {
  readonly environment?: AzureEnvironment | undefined;
  readonly authority_host?: string | undefined;
  readonly arm_endpoint?: string | undefined;
  readonly blob_endpoint?: string | undefined;
}

export function azurePlace(config: PlaceConfig): AzurePlace {
  return {
    environment: config.environment ?? 'public',
    authorityHost: config.authority_host,
    armEndpoint: config.arm_endpoint,
    blobEndpoint: config.blob_endpoint,
  };
}

/** The same of a configuration that is not typed here: a resource type sees every method's. */
export function placeOf(config: Readonly<Record<string, unknown>>): AzurePlace {
  return azurePlace({
    environment: environmentOf(config),
    authority_host: textOf(config, 'authority_host'),
    arm_endpoint: textOf(config, 'arm_endpoint'),
    blob_endpoint: textOf(config, 'blob_endpoint'),
  });
}

export function environmentOf(config: Readonly<Record<string, unknown>>): AzureEnvironment {
  return placeFields.environment.catch('public').parse(config['environment']);
}
