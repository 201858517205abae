import { jsonAnswer } from '../answer.ts';
import type { Answer, Caller, DirectRequest, EndpointContext } from '../contract.ts';
import { whenReady } from '../settle.ts';
import { API_VERSIONS, isIdentityVersion, isVersion } from './api-versions.ts';
import {
  failure,
  type Failure,
  imdsShape,
  invalid,
  NO_IDENTITY,
  NOT_FOUND,
  wrongMethod,
} from './failure.ts';
import { type Find, remembering } from './finder.ts';
import { instanceAnswer } from './instance.ts';
import { isFailure, parseQuery, type SelectorName } from './query.ts';
import { hasMetadata, NO_METADATA, noMetadata, type Reply } from './routes.ts';
import { splitTarget, unknownPath } from './target.ts';
import { createTokens } from './tokens.ts';
import { wantedOf } from './wanted.ts';

export const METADATA_PATH = '/metadata';
export const TOKEN_PATH = '/metadata/identity/oauth2/token';
const INFO_PATH = '/metadata/identity/info';
const VERSIONS_PATH = '/metadata/versions';
const INSTANCE_PATH = '/metadata/instance';

const SELECTORS: ReadonlySet<SelectorName> = new Set([
  'client_id',
  'object_id',
  'principal_id',
  'msi_res_id',
  'mi_res_id',
  'msi-res-id',
]);

const NO_METADATA_ANSWER = imdsShape(NO_METADATA);
const WRONG_METHOD = imdsShape(wrongMethod('GET'));
const VERSIONS = jsonAnswer(200, { apiVersions: API_VERSIONS });
const FORBIDDEN = failure(403, 'forbidden', 'the request is refused');

export type Identify = () => Caller | undefined | Promise<Caller | undefined>;

/** What a token request of the IMDS shape asks for. */
export const findImds: Find = (identities, query) => {
  const parameters = parseQuery(query);
  if (isFailure(parameters)) return parameters;
  const version = parameters['api-version'];
  if (version === undefined) return invalid('the parameter api-version is missing');
  if (!isIdentityVersion(version)) return invalid('the parameter api-version is not a known one');
  return wantedOf(parameters, identities, SELECTORS);
};

/** Below `/metadata`, but for who asks. `target` is the request's, without what may stand before it. */
export function createImds(
  context: EndpointContext,
): (request: DirectRequest, target: string, identify: Identify) => Reply {
  const find = remembering(findImds);
  const tokens = createTokens(context, { shape: imdsShape });

  return (request, target, identify) => {
    const { connection, method, rawHeaders } = request;
    const { path, query } = splitTarget(target);
    const route = routeOf(path);
    // Not 400 for what there is not: .NET takes that for IMDS 2. Whatever headers it has.
    if (route === undefined) return imdsShape(unknownPath(path));
    if (method !== 'GET') return WRONG_METHOD;
    if (!hasMetadata(rawHeaders)) {
      noMetadata(context, request);
      return NO_METADATA_ANSWER;
    }
    if (route === 'versions') return VERSIONS;
    const refuse = (why: string, refusal: Failure): Answer => {
      context.refused(connection, why, refusal.status);
      return imdsShape(refusal);
    };
    return whenReady(identify(), (caller) => {
      if (caller === undefined) {
        return refuse('nobody’s connection', route === 'token' ? NO_IDENTITY : FORBIDDEN);
      }
      if (route === 'token') {
        const found = find(caller.identities, query);
        return found.kind === 'wanted'
          ? tokens(connection, caller, found)
          : refuse(found.text, found);
      }
      const told =
        route === 'info'
          ? infoAnswer(caller, query)
          : instanceOf(caller, context.installationId, path, query);
      return isFailure(told) ? imdsShape(told) : told;
    });
  };
}

function routeOf(path: string): 'token' | 'info' | 'versions' | 'instance' | undefined {
  if (path === TOKEN_PATH) return 'token';
  if (path === INFO_PATH) return 'info';
  if (path === VERSIONS_PATH) return 'versions';
  const below = path === INSTANCE_PATH || path.startsWith(`${INSTANCE_PATH}/`);
  return below && /^[\w/-]*$/.test(path) ? 'instance' : undefined;
}

function infoAnswer({ identities: [first] }: Caller, query: string): Answer | Failure {
  const parameters = parseQuery(query);
  if (isFailure(parameters)) return parameters;
  const version = parameters['api-version'] ?? '';
  if (!isVersion(version)) return invalid('the parameter api-version is missing or not known');
  return first === undefined ? NOT_FOUND : jsonAnswer(200, { tenantId: first.tenantId });
}

function instanceOf(
  caller: Caller,
  installationId: string,
  path: string,
  query: string,
): Answer | Failure {
  const parameters = parseQuery(query);
  if (isFailure(parameters)) return parameters;
  return instanceAnswer(caller, installationId, path.slice(INSTANCE_PATH.length), parameters);
}
