/**
 * What every tenant knows: identifier URIs and app ids of Microsoft's own services.
 * https://learn.microsoft.com/entra/identity-platform/v2-permissions-and-consent
 */
const FIRST_PARTY: Readonly<Record<string, readonly string[]>> = {
  arm: [
    'https://management.azure.com',
    'https://management.core.windows.net',
    '797f4846-ba00-4fd7-ba43-dac1f8f63013',
  ],
  storage: ['https://storage.azure.com', 'e406a681-f3d4-42a8-90b6-c2b029497af1'],
  graph: ['https://graph.microsoft.com', '00000003-0000-0000-c000-000000000000'],
  vault: ['https://vault.azure.net', 'cfa8b339-82a2-471a-a3c9-0fc0be7a4093'],
  aks: ['6dae42f8-4368-4678-94ff-3960e28e3630'],
  databricks: ['2ff814a6-3304-4ab8-85cb-cd0e6f879c1d'],
  devops: ['499b84ac-1321-427f-aa17-267ca6975798'],
  sql: ['https://database.windows.net', '022907d3-0f1b-48f7-badc-1ba6abab6d66'],
  rdbms: ['https://ossrdbms-aad.database.windows.net', '123cd850-d9df-40bd-94d5-c9f07b7fa203'],
  eventHubs: ['https://eventhubs.azure.net'],
  serviceBus: ['https://servicebus.azure.net'],
  cognitive: ['https://cognitiveservices.azure.com'],
  monitor: ['https://monitor.azure.com'],
  logs: ['https://api.loganalytics.io'],
  machineLearning: ['https://ml.azure.com'],
  registry: ['https://containerregistry.azure.net'],
  search: ['https://search.azure.com'],
  exchange: ['api://AzureADTokenExchange'],
};

const ACCOUNT_HOST =
  /^https:\/\/[a-z0-9]{3,24}\.(?:blob|queue|table|file|dfs)\.core\.windows\.net$/;

export type ResourceKind = 'arm' | 'storage';

/** One slash at the end makes no other resource, only another `aud`. */
const bare = (resource: string): string => resource.replace(/\/$/, '');

export type Resources = ReturnType<typeof createResources>;

/** The resources a tenant can issue tokens for. */
export function createResources() {
  const known = new Set(Object.values(FIRST_PARTY).flat());
  return {
    /** An API of one's own: an identifier URI (`api://…`) or an app id. */
    add: (resource: string): void => void known.add(bare(resource)),
    remove: (resource: string): void => void known.delete(bare(resource)),
    has: (resource: string): boolean =>
      known.has(bare(resource)) || ACCOUNT_HOST.test(bare(resource)),
    /** Whether a service takes a token with that `aud`. */
    accepts(kind: ResourceKind, audience: string): boolean {
      const own = FIRST_PARTY[kind]?.includes(bare(audience)) ?? false;
      return own || (kind === 'storage' && ACCOUNT_HOST.test(bare(audience)));
    },
  };
}
