import type { DirectRequest, EndpointContext } from '../contract.ts';
import { whenReady } from '../settle.ts';
import { appServiceShape, failure, type Failure, invalid, wrongMethod } from './failure.ts';
import { type Find, remembering } from './finder.ts';
import { isFailure, parseQuery, type SelectorName } from './query.ts';
import type { Reply } from './routes.ts';
import { createTokens } from './tokens.ts';
import { wantedOf } from './wanted.ts';

/** Which of them a client sends depends on its age; it sends one. */
const SECRET_HEADERS: ReadonlySet<string> = new Set([
  'x-identity-header',
  'secret', // 2017-09-01, Azure Machine Learning
  'x-ms-identity', // Terraform's azurerm from 4.34
]);

const NEW: ReadonlySet<SelectorName> = new Set([
  'client_id',
  'object_id',
  'principal_id',
  'mi_res_id',
  'msi_res_id',
]);

/** The real one ignores other selectors, and gives a token of an identity that was not asked for. */
const OLD: ReadonlySet<SelectorName> = new Set(['clientid', 'mi_res_id']);

const OLD_VERSION = '2017-09-01';

const SELECTORS: ReadonlyMap<string, ReadonlySet<SelectorName>> = new Map([
  [OLD_VERSION, OLD],
  ['2019-08-01', NEW],
  ['2025-03-30', NEW],
]);

const WRONG_METHOD = appServiceShape(wrongMethod('GET'));
const WRONG_SECRET = failure(401, 'unauthorized', 'the workload’s secret is missing or wrong');
const WRONG_SECRET_ANSWER = appServiceShape(WRONG_SECRET);

/** `absent`: what a request without a version is taken for; of old clients not all send one. */
const findWith =
  (absent: string | undefined): Find =>
  (identities, query) => {
    const parameters = parseQuery(query);
    if (isFailure(parameters)) return parameters;
    const version = parameters['api-version'] ?? absent;
    if (version === undefined) return invalid('the parameter api-version is missing');
    const allowed = SELECTORS.get(version);
    return allowed === undefined ? unsupported() : wantedOf(parameters, identities, allowed);
  };

function unsupported(): Failure {
  const known = [...SELECTORS.keys()].join(', ');
  return failure(400, 'unsupported_api_version', `the supported versions are ${known}`);
}

/**
 * Tokens for whoever shows the workload's secret in a header.
 * https://learn.microsoft.com/azure/app-service/overview-managed-identity#rest-endpoint-reference
 */
export function createAppService(
  context: EndpointContext,
): (request: DirectRequest, query: string) => Reply {
  const find = remembering(findWith(undefined));
  const findOld = remembering(findWith(OLD_VERSION));
  const tokens = createTokens(context, { shape: appServiceShape });

  return ({ connection, method, rawHeaders }, query) => {
    if (method !== 'GET') return WRONG_METHOD;
    const shown = secretIn(rawHeaders);
    if (shown === undefined) {
      context.refused(connection, 'no single secret header', WRONG_SECRET.status);
      return WRONG_SECRET_ANSWER;
    }
    const { name, token } = shown;
    return whenReady(context.identify(connection, { kind: 'token', token }), (caller) => {
      if (caller === undefined) {
        context.refused(connection, 'wrong secret', WRONG_SECRET.status);
        return WRONG_SECRET_ANSWER;
      }
      const found = (name === 'secret' ? findOld : find)(caller.identities, query);
      if (found.kind === 'wanted') return tokens(connection, caller, found);
      context.refused(connection, found.text, found.status);
      return appServiceShape(found);
    });
  };
}

/** The one header with a secret; two, of whatever name, are two readers' choice. */
function secretIn(
  rawHeaders: readonly string[],
): { readonly name: string; readonly token: string } | undefined {
  let found: { name: string; token: string } | undefined;
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const given = rawHeaders[i] ?? '';
    if (given.length < 6 || given.length > 17) continue;
    const name = given.toLowerCase();
    if (!SECRET_HEADERS.has(name)) continue;
    if (found !== undefined) return undefined;
    found = { name, token: rawHeaders[i + 1] ?? '' };
  }
  return found?.token === '' ? undefined : found;
}
