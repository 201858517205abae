import { type Failure, invalid } from './failure.ts';

/** By what a client names one of several identities; each is spelt differently by somebody. */
export const SELECTORS = {
  client_id: 'clientId',
  clientid: 'clientId', // App Service 2017-09-01, Azure ML
  object_id: 'objectId',
  principal_id: 'objectId', // App Service 2019-08-01
  principalId: 'objectId', // .NET at Service Fabric
  msi_res_id: 'resourceId',
  mi_res_id: 'resourceId', // App Service; go-autorest and rclone everywhere
  'msi-res-id': 'resourceId', // .NET in a probe
} as const;

export type SelectorName = keyof typeof SELECTORS;

export type ParameterName =
  | 'api-version'
  | 'resource'
  | 'format'
  | 'bypass_cache'
  | 'token_sha256_to_refresh'
  | SelectorName;

export type Parameters = Readonly<Partial<Record<ParameterName, string>>>;

const NAMES: ReadonlySet<string> = new Set<ParameterName>([
  'api-version',
  'resource',
  'format',
  'bypass_cache',
  'token_sha256_to_refresh',
  'client_id',
  'clientid',
  'object_id',
  'principal_id',
  'principalId',
  'msi_res_id',
  'mi_res_id',
  'msi-res-id',
]);

// oxlint-disable-next-line no-control-regex -- control characters are what it looks for
const CONTROL = /[\u0000-\u001f\u007f-\u009f]/;

/**
 * The parameters we know of a query or a form, without its `?`. Others are ignored, as by the real
 * service. Values come raw from some clients (`:` and `/`), so nothing but `&` and the first `=`
 * separates. Empty is absent.
 */
export function parseQuery(text: string): Parameters | Failure {
  const found: Partial<Record<ParameterName, string>> = {};
  const seen = new Set<string>();
  for (const part of text.split('&')) {
    const equals = part.indexOf('=');
    const name = equals === -1 ? part : part.slice(0, equals);
    if (!isKnown(name)) continue;
    // Two readers would take different ones.
    if (seen.has(name)) return invalid(`the parameter ${name} is given twice`);
    seen.add(name);
    const value = decoded(equals === -1 ? '' : part.slice(equals + 1));
    if (value === undefined) return invalid(`the parameter ${name} is not percent-encoded UTF-8`);
    if (CONTROL.test(value)) return invalid(`the parameter ${name} has a control character`);
    if (value.trim() !== '') found[name] = value;
  }
  return found;
}

export function isFailure(found: object): found is Failure {
  return 'kind' in found && found.kind === 'failure';
}

function isKnown(name: string): name is ParameterName {
  return NAMES.has(name);
}

function decoded(text: string): string | undefined {
  const spaced = text.replaceAll('+', ' ');
  if (!spaced.includes('%')) return spaced;
  try {
    return decodeURIComponent(spaced);
  } catch {
    return undefined;
  }
}
