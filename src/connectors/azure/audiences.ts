import type { AzureEnvironment } from './cloud.ts';
import { ENVIRONMENTS, defaultScope } from './environments.ts';

/* One service has several names among audiences; a token for any of them opens it. */

/** The audience of every storage account, in every environment. */
export const STORAGE_AUDIENCE = 'https://storage.azure.com';
const STORAGE_APP = 'e406a681-f3d4-42a8-90b6-c2b029497af1';

const ARM_APP = '797f4846-ba00-4fd7-ba43-dac1f8f63013';
/** Names of Resource Manager from before it was one; az still asks for these. */
const ARM_BEFORE: Readonly<Record<AzureEnvironment, string>> = {
  public: 'https://management.core.windows.net',
  'us-government': 'https://management.core.usgovcloudapi.net',
  china: 'https://management.core.chinacloudapi.cn',
};

const STORAGE_SERVICES = ['blob', 'dfs', 'file', 'queue', 'table'] as const;

const bare = (audience: string): string => audience.toLowerCase().replace(/\/$/, '');

function armNames(environment: AzureEnvironment): readonly string[] {
  return [ENVIRONMENTS[environment].armEndpoint, ARM_BEFORE[environment], ARM_APP];
}

const STORAGE_NAMES: readonly string[] = [STORAGE_AUDIENCE, STORAGE_APP];

/** Is a token for it one for Resource Manager? */
export function isArm(audience: string, environment: AzureEnvironment): boolean {
  return armNames(environment).includes(bare(audience));
}

/** Is a token for it good for blobs: those of every account, or of that one account? */
export function isBlobStorage(audience: string, environment: AzureEnvironment): boolean {
  return isAllStorage(audience) || blobAccountOf(audience, environment) !== undefined;
}

function isAllStorage(audience: string): boolean {
  return STORAGE_NAMES.includes(bare(audience));
}

/** The account of `https://<account>.blob.core.windows.net`, an audience that is for this one alone. */
function blobAccountOf(audience: string, environment: AzureEnvironment): string | undefined {
  const { storageSuffix } = ENVIRONMENTS[environment];
  const [, account, service, suffix] =
    /^https:\/\/([a-z\d]{3,24})\.(blob|dfs)\.(.+)$/.exec(bare(audience)) ?? [];
  return service !== undefined && suffix === storageSuffix ? account : undefined;
}

/** Does a token for `wide` do all that one for `narrow` does? */
export function includes(wide: string, narrow: string, environment: AzureEnvironment): boolean {
  if (bare(wide) === bare(narrow)) return true;
  if (isArm(wide, environment)) return isArm(narrow, environment);
  if (!isAllStorage(wide)) return false;
  return isAllStorage(narrow) || isStorageHost(narrow, environment);
}

function isStorageHost(audience: string, environment: AzureEnvironment): boolean {
  const [, service, suffix] =
    /^https:\/\/[a-z\d]{3,24}(?:-secondary)?\.([a-z]+)\.(.+)$/.exec(bare(audience)) ?? [];
  return (
    (STORAGE_SERVICES as readonly string[]).includes(service ?? '') &&
    suffix === ENVIRONMENTS[environment].storageSuffix
  );
}

/**
 * What clients may ask for where `audience` is allowed: its other names, with and without the slash at
 * their end, and for storage each service of one account (a `*` where none is named), whose tokens are
 * worth less. Scopes, as `TokenLimits.askable` takes them.
 */
export function askableScopes(
  audience: string,
  environment: AzureEnvironment,
  account: string | undefined,
): readonly string[] {
  const { storageSuffix } = ENVIRONMENTS[environment];
  const names = isArm(audience, environment)
    ? armNames(environment)
    : isAllStorage(audience)
      ? [
          ...STORAGE_NAMES,
          ...STORAGE_SERVICES.map((one) => `https://${account ?? '*'}.${one}.${storageSuffix}`),
        ]
      : [audience.replace(/\/$/, '')];
  // An application's id has no slash; a URL is asked for with and without.
  const spelled = names.flatMap((name) => (name.includes('://') ? [name, `${name}/`] : [name]));
  return [...new Set([audience, ...spelled])].map(defaultScope);
}
