import type { NodeHttpHandler } from '@smithy/node-http-handler';

import { ValetkeyError } from '../../core/errors.ts';
import type { Machine } from '../contract.ts';
import { defaultRegionOf } from './arn.ts';
import { proxyOf, readBundle } from '../outbound/network.ts';
import { boundAnswers } from './bounded-answer.ts';
import type { AwsKeys, StsPlace } from './cloud.ts';

const CONNECT_MS = 3000;
const REQUEST_MS = 15_000;
/** Idle connections to one host that are kept for the next call. */
const SOCKETS_MAX = 16;

type Env = Machine['env'];

/** RFC 1123 section 2.1. Compatible stores have regions of their own naming. */
const HOST_LABEL = /^[a-z\d](?:[a-z\d-]{0,61}[a-z\d])?$/i;

/**
 * Connections to AWS, kept alive between calls, by the machine's own variables: `HTTPS_PROXY`,
 * `HTTP_PROXY`, `NO_PROXY` (Node's agent since 24.5) and `AWS_CA_BUNDLE`, which stands in place of
 * the public authorities, as it does for AWS's own tools.
 * https://docs.aws.amazon.com/cli/latest/userguide/cli-configure-envvars.html
 */
export function createHttpHandler(env: Env): () => Promise<NodeHttpHandler> {
  let handler: Promise<NodeHttpHandler> | undefined;
  return async () => {
    handler ??= openHandler(env);
    try {
      return await handler;
    } catch (error) {
      // An unreadable bundle may be repaired: the next call tries again.
      handler = undefined;
      throw error;
    }
  };
}

async function openHandler(env: Env): Promise<NodeHttpHandler> {
  const [http, https, { NodeHttpHandler: Handler }, ca] = await Promise.all([
    import('node:http'),
    import('node:https'),
    import('@smithy/node-http-handler'),
    readBundle(env, 'AWS_CA_BUNDLE'),
  ]);
  const agent = { keepAlive: true, maxFreeSockets: SOCKETS_MAX, proxyEnv: proxyOf(env) };
  const handler = new Handler({
    connectionTimeout: CONNECT_MS,
    requestTimeout: REQUEST_MS,
    throwOnRequestTimeout: true,
    httpAgent: new http.Agent(agent),
    httpsAgent: new https.Agent({ ...agent, ...(ca === undefined ? {} : { ca }) }),
  });
  return boundAnswers(handler);
}

/**
 * Where a service is asked: the connector's word, then the machine's variables. `variable`:
 * `AWS_ENDPOINT_URL_STS`. `partition`: of the role in question, for the region when nobody names one.
 * https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html
 */
export function resolvePlace(
  env: Env,
  place: StsPlace,
  variable: string,
  partition = 'aws',
): { readonly region: string; readonly endpoint: string | undefined } {
  const region = place.region ?? set(env['AWS_REGION']) ?? set(env['AWS_DEFAULT_REGION']);
  const named = [variable, 'AWS_ENDPOINT_URL'].find((name) => set(env[name]) !== undefined);
  const endpoint = place.endpoint ?? (named && env[named]);
  if (endpoint !== undefined && !/^https?:$/.test(URL.parse(endpoint)?.protocol ?? '')) {
    throw new ValetkeyError('CONFIG_INVALID', {
      subject: place.endpoint === undefined ? (named ?? variable) : 'endpoint',
      reason: 'this is no http or https URL',
    });
  }
  if (region !== undefined && !HOST_LABEL.test(region)) {
    // Of a variable or a profile: it becomes part of a host name.
    throw new ValetkeyError('CONFIG_INVALID', {
      subject: 'region',
      reason: 'this is no region',
      hint: 'correct AWS_REGION, AWS_DEFAULT_REGION or the profile: a region looks like eu-central-1',
    });
  }
  return { region: region ?? defaultRegionOf(partition), endpoint };
}

/**
 * Everything an SDK client would otherwise look up by itself in the process's variables and files,
 * which are the daemon's and not the connector's.
 */
export function explicitOptions(
  env: Env,
  { region, endpoint }: { region: string; endpoint: string | undefined },
  keys: AwsKeys | undefined,
) {
  return {
    region,
    ...(endpoint === undefined ? {} : { endpoint }),
    ignoreConfiguredEndpointUrls: true,
    credentials: credentialsOf(keys),
    defaultsMode: 'standard' as const,
    retryMode: 'standard',
    // The broker retries, with all its callers in view.
    maxAttempts: 1,
    useFipsEndpoint: env['AWS_USE_FIPS_ENDPOINT'] === 'true',
    useDualstackEndpoint: env['AWS_USE_DUALSTACK_ENDPOINT'] === 'true',
    authSchemePreference: [] as string[],
    sigv4aSigningRegionSet: [region],
    userAgentAppId: async () => 'valetkey',
  };
}

/** Without keys a call is unsigned; the default chain must not find others in their place. */
function credentialsOf(keys: AwsKeys | undefined) {
  if (keys === undefined) {
    return async (): Promise<never> => {
      throw new ValetkeyError('INTERNAL', { reason: 'an unsigned call asked for keys' });
    };
  }
  return {
    accessKeyId: keys.accessKeyId,
    secretAccessKey: keys.secretAccessKey.reveal(),
    ...(keys.sessionToken === undefined ? {} : { sessionToken: keys.sessionToken.reveal() }),
  };
}

/**
 * Signs by the injected clock, and never by the server's: the SDK would quietly adapt to it, but this
 * clock also decides when credentials expire, so a wrong one has to show.
 */
export function signBy(machine: Machine, client: { readonly config: object }): void {
  Object.defineProperty(client.config, 'systemClockOffset', {
    get: () => machine.clock.now() - Date.now(),
    set: () => {},
  });
}

function set(value: string | undefined): string | undefined {
  return value === '' ? undefined : value;
}
