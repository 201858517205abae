import type { Machine } from '../contract.ts';
import { chosenEndpoint } from '../outbound/chosen-endpoint.ts';
import type { GcpPlace } from './cloud.ts';

/** Whole URLs; the bases end without a slash. */
export interface Endpoints {
  readonly token: string;
  readonly sts: string;
  readonly iamCredentials: string;
  /** Ends with `/storage/v1` where it is Google's. */
  readonly storage: string;
}

/** gcloud's own variables: properties `auth/token_host` and `api_endpoint_overrides/…`. */
const VARIABLES: Readonly<Record<keyof Endpoints, string>> = {
  token: 'CLOUDSDK_AUTH_TOKEN_HOST',
  sts: 'CLOUDSDK_API_ENDPOINT_OVERRIDES_STS',
  iamCredentials: 'CLOUDSDK_API_ENDPOINT_OVERRIDES_IAMCREDENTIALS',
  storage: 'CLOUDSDK_API_ENDPOINT_OVERRIDES_STORAGE',
};

/**
 * Where Google is asked: the connector's word, then the machine's variables, then Google's own hosts.
 * https://cloud.google.com/sdk/gcloud/reference/topic/configurations
 */
export function endpointsOf(place: GcpPlace, env: Machine['env']): Endpoints {
  const { universeDomain: domain } = place;
  return {
    token:
      chosenEndpoint(VARIABLES.token, place.tokenEndpoint, env) ?? `https://oauth2.${domain}/token`,
    sts: chosenEndpoint(VARIABLES.sts, place.stsEndpoint, env) ?? `https://sts.${domain}`,
    iamCredentials:
      chosenEndpoint(VARIABLES.iamCredentials, place.iamCredentialsEndpoint, env) ??
      `https://iamcredentials.${domain}`,
    storage:
      chosenEndpoint(VARIABLES.storage, place.storageEndpoint, env) ??
      `https://storage.${domain}/storage/v1`,
  };
}

/** Google itself, or who was put in its place on purpose: nobody else is sent an assertion or a token. */
export function mayBeAsked(url: URL, place: GcpPlace, endpoints: Endpoints): boolean {
  if (Object.values(endpoints).some((known) => new URL(known).origin === url.origin)) return true;
  return (
    url.protocol === 'https:' &&
    url.port === '' &&
    url.hostname.endsWith(`.${place.universeDomain}`)
  );
}
