import type { Machine } from '../contract.ts';
import { chosenEndpoint } from '../outbound/chosen-endpoint.ts';
import type { AzureEnvironment, AzurePlace } from './cloud.ts';
import { ENVIRONMENTS } from './environments.ts';

/** Whole URLs that end without a slash. */
export interface Endpoints {
  readonly authority: string;
  readonly arm: string;
  /** Base of one storage account's blobs. */
  blob(account: string): string;
  /** Azure itself, or who was put in its place on purpose: nobody else is sent a secret or a token. */
  mayBeAsked(url: URL): boolean;
}

/** AZURE_AUTHORITY_HOST is that of Microsoft's own libraries and of the workload identity webhook. */
const VARIABLES = {
  authority: 'AZURE_AUTHORITY_HOST',
  arm: 'VALETKEY_AZURE_ARM_ENDPOINT',
  blob: 'VALETKEY_AZURE_BLOB_ENDPOINT',
} as const;

/**
 * Where Azure is asked: the connector's word, then the machine's variables, then the environment's own
 * hosts. Throws `CONFIG_INVALID` naming the variable that holds no such URL.
 */
export function endpointsOf(place: AzurePlace, env: Machine['env']): Endpoints {
  const facts = ENVIRONMENTS[place.environment];
  const named = chosenEndpoint(VARIABLES.authority, place.authorityHost, env);
  const foreign = place.authorityHost === undefined && isOfAnother(place.environment, named);
  const authority = named === undefined || foreign ? facts.authorityHost : named;
  const arm = chosenEndpoint(VARIABLES.arm, place.armEndpoint, env) ?? facts.armEndpoint;
  const ownBlob = chosenEndpoint(VARIABLES.blob, place.blobEndpoint, env);
  const known = [authority, arm, ...(ownBlob === undefined ? [] : [ownBlob])];
  const origins = known.map((text) => new URL(text).origin);
  return {
    authority,
    arm,
    blob: (account) => ownBlob ?? `https://${account}.blob.${facts.storageSuffix}`,
    mayBeAsked: (url) => origins.includes(url.origin) || isBlobHost(url, facts.storageSuffix),
  };
}

/** The machine's variable is for all connectors: one for another cloud gets no secret of that one's. */
function isOfAnother(own: AzureEnvironment, authority: string | undefined): boolean {
  if (authority === undefined) return false;
  const { hostname } = new URL(authority); // in one spelling, whatever case and port it was given
  return Object.entries(ENVIRONMENTS).some(
    ([name, { authorityHost }]) => name !== own && new URL(authorityHost).hostname === hostname,
  );
}

/** An account of a DNS zone has one label more: `<account>.z01.blob.storage.azure.net`. */
function isBlobHost({ protocol, port, hostname }: URL, suffix: string): boolean {
  if (protocol !== 'https:' || port !== '') return false;
  const ends = [`.blob.${suffix}`, ...(suffix === 'core.windows.net' ? [ZONED] : [])];
  return ends.some((end) => hostname.endsWith(end));
}

const ZONED = '.blob.storage.azure.net';
