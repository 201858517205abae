import { ValetkeyError } from '../../core/errors.ts';
import type { Machine } from '../contract.ts';
import { keepsSecrets } from '../outbound/near-hosts.ts';
import type { Entra } from './cloud.ts';

type Selector = Parameters<Entra['managedIdentity']>[0];

/** Where a machine's managed identity is asked for, and how. */
export interface IdentitySource {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly apiVersion: string;
  /** What the selectors are called there. */
  readonly names: Readonly<Record<keyof Selector, string>>;
  /** Does it want the content of a file before it answers? */
  readonly challenges: boolean;
}

const USUAL_HOST = 'http://169.254.169.254';
const OF_METADATA = { clientId: 'client_id', objectId: 'object_id', resourceId: 'msi_res_id' };

/** Do the machine's variables say that it has a managed identity? Elsewhere only asking tells. */
export function namesManagedIdentity(env: Machine['env']): boolean {
  return isAppService(env) || isArc(env);
}

function isAppService(env: Machine['env']): boolean {
  return (env['IDENTITY_ENDPOINT'] ?? '') !== '' && (env['IDENTITY_HEADER'] ?? '') !== '';
}

function isArc(env: Machine['env']): boolean {
  return (env['IDENTITY_ENDPOINT'] ?? '') !== '' && (env['IMDS_ENDPOINT'] ?? '') !== '';
}

/** By the machine's variables. Throws `CONFIG_INVALID` for one that leads away from the machine. */
export function identitySource(env: Machine['env']): IdentitySource {
  if (isAppService(env)) {
    return {
      challenges: false,
      url: nearUrl(env['IDENTITY_ENDPOINT'] ?? '', 'IDENTITY_ENDPOINT'),
      headers: { 'X-IDENTITY-HEADER': env['IDENTITY_HEADER'] ?? '' },
      apiVersion: '2019-08-01',
      names: { clientId: 'client_id', objectId: 'principal_id', resourceId: 'mi_res_id' },
    };
  }
  if (isArc(env)) {
    return {
      challenges: true,
      url: nearUrl(env['IDENTITY_ENDPOINT'] ?? '', 'IDENTITY_ENDPOINT'),
      headers: { Metadata: 'true' },
      apiVersion: '2020-06-01',
      names: OF_METADATA,
    };
  }
  const variable = 'AZURE_POD_IDENTITY_AUTHORITY_HOST';
  const host = env[variable];
  const base = host === undefined || host === '' ? USUAL_HOST : host.replace(/\/+$/, '');
  return {
    challenges: false,
    url: nearUrl(`${base}/metadata/identity/oauth2/token`, variable),
    headers: { Metadata: 'true' },
    apiVersion: '2018-02-01',
    names: OF_METADATA,
  };
}

function nearUrl(text: string, variable: string): URL {
  const url = URL.parse(text);
  if (url !== null && url.username === '' && keepsSecrets(url)) return url;
  throw new ValetkeyError('CONFIG_INVALID', {
    subject: variable,
    reason: 'it is no address of this machine or its link',
  });
}
