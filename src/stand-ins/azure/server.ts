import type { Calls, LogEntry } from '../google/record.ts';
import { createKeySource } from '../google/rsa-keys.ts';
import { armRoutes } from './arm/routes.ts';
import { blobRoutes } from './blob/blob-routes.ts';
import { containerRoutes } from './blob/container-routes.ts';
import { createDelegationKeys } from './blob/delegation-key.ts';
import type { DelegationKeys } from './blob/delegation-key.ts';
import { createBlobStore } from './blob/store.ts';
import type { BlobStore } from './blob/store.ts';
import type { BlobWorld } from './blob/world.ts';
import { createDirectory } from './directory.ts';
import type { Directory } from './directory.ts';
import { createDeviceCodes } from './entra/device-code.ts';
import type { DeviceCodes } from './entra/device-code.ts';
import { metadataRoutes } from './entra/metadata.ts';
import { tokenRoute } from './entra/token.ts';
import { createEstate } from './estate.ts';
import type { Estate } from './estate.ts';
import type { Faults } from './faults.ts';
import { createGrants } from './grants.ts';
import type { Grants } from './grants.ts';
import { createLifetimes } from './lifetimes.ts';
import { startServing, SYSTEM_CLOCK } from './serving.ts';
import type { ServingOptions } from './serving.ts';
import { createTokens } from './tokens.ts';
import type { Tokens } from './tokens.ts';

export interface AzureStandInOptions extends ServingOptions {
  /** Without `tls`: let plain HTTP pass for HTTPS where a SAS demands that. */
  readonly plainCountsAsTls?: boolean;
  /** Of the row of token lifetimes. */
  readonly seed?: number;
}

export interface AzureStandIn {
  /** `https://127.0.0.1:PORT`: authority, ARM, and before `/<account>` the blobs. */
  readonly url: string;
  /** What leads valetkey to the authority and to ARM, which tells where the accounts' blobs are. */
  readonly variables: Readonly<Record<string, string>>;
  /** Base of one account's blobs: what `VALETKEY_AZURE_BLOB_ENDPOINT` wants. */
  blobEndpoint(account: string): string;
  readonly directory: Pick<
    Directory,
    'addTenant' | 'addApp' | 'addUser' | 'resources' | 'refreshTokens'
  >;
  /** What people do with the codes on their screens. */
  readonly devices: Pick<DeviceCodes, 'confirm' | 'deny' | 'expire' | 'waiting'>;
  readonly estate: Estate;
  readonly grants: Grants;
  readonly blobs: Pick<BlobStore, 'add' | 'find' | 'remove' | 'list'>;
  readonly delegationKeys: Pick<DelegationKeys, 'revoke'>;
  readonly tokens: Pick<Tokens, 'issue' | 'find' | 'judge' | 'expire' | 'issued'>;
  readonly faults: Faults;
  readonly calls: Calls;
  readonly log: readonly LogEntry[];
  stop(): Promise<void>;
}

/**
 * A small Azure on loopback: Entra's token endpoint, Resource Manager, and enough of Blob storage to
 * judge a token by, each refusing what Microsoft refuses. All state is in memory and starts empty.
 * It shares no code with what it judges.
 */
export async function startAzureStandIn(options: AzureStandInOptions = {}): Promise<AzureStandIn> {
  const clock = options.clock ?? SYSTEM_CLOCK;
  const now = (): number => clock.now();
  const directory = createDirectory(now);
  const tokens = createTokens(createKeySource(), createLifetimes(options.seed ?? 1), now);
  const parts = {
    directory,
    tokens,
    grants: createGrants(),
    estate: createEstate(),
    store: createBlobStore(now),
    delegationKeys: createDelegationKeys(),
    secure: options.tls !== undefined || options.plainCountsAsTls === true,
  };
  let url = (): string => '';
  const world: BlobWorld = { ...parts, url: () => url() };
  const devices = createDeviceCodes(world);
  const serving = await startServing(options, (own) => {
    url = own;
    return [
      ...metadataRoutes(world),
      tokenRoute(world, devices),
      devices.route,
      ...armRoutes(world),
      ...containerRoutes(world),
      ...blobRoutes(world),
    ];
  });
  return {
    ...serving,
    variables: {
      AZURE_AUTHORITY_HOST: serving.url,
      VALETKEY_AZURE_ARM_ENDPOINT: serving.url,
    },
    blobEndpoint: (account) => `${serving.url}/${account}`,
    directory,
    devices,
    estate: parts.estate,
    grants: parts.grants,
    blobs: parts.store,
    delegationKeys: parts.delegationKeys,
    tokens,
  };
}
