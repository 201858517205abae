import type { Answer, DirectRequest, EndpointContext } from '../contract.ts';
import { whenReady } from '../settle.ts';
import { cloudShellShape, type Failure, NO_IDENTITY, wrongMethod } from './failure.ts';
import { type Find, remembering } from './finder.ts';
import { isFailure, parseQuery, type SelectorName } from './query.ts';
import { hasMetadata, NO_METADATA, noMetadata, type Reply } from './routes.ts';
import { splitTarget, unknownPath } from './target.ts';
import { createTokens } from './tokens.ts';
import { wantedOf } from './wanted.ts';

const TOKEN_PATH = '/oauth2/token';
export const METHODS = 'GET, POST';
const NO_PROOF = { kind: 'none' } as const;

/** Those of older clients; current ones know of no choice here. */
const SELECTORS: ReadonlySet<SelectorName> = new Set([
  'client_id',
  'object_id',
  'msi_res_id',
  'mi_res_id',
]);

const find: Find = (identities, query) => {
  const parameters = parseQuery(query);
  return isFailure(parameters) ? parameters : wantedOf(parameters, identities, SELECTORS);
};

type Form = () => Promise<string | Failure>;

/** `form` reads the body, where there is one to read; without it the query tells what is wanted. */
export function createCloudShell(
  context: EndpointContext,
): (request: DirectRequest, form: Form | undefined) => Reply {
  const remembered = remembering(find);
  const tokens = createTokens(context, { shape: cloudShellShape });

  const told = (request: DirectRequest, query: string): Reply => {
    const { connection } = request;
    const refuse = (why: string, refusal: Failure): Answer => {
      context.refused(connection, why, refusal.status);
      return cloudShellShape(refusal);
    };
    return whenReady(context.identify(connection, NO_PROOF), (caller) => {
      if (caller === undefined) return refuse('nobody’s connection', NO_IDENTITY);
      const found = remembered(caller.identities, query);
      return found.kind === 'wanted'
        ? tokens(connection, caller, found)
        : refuse(found.text, found);
    });
  };

  const filled = async (request: DirectRequest, form: Form): Promise<Answer> => {
    const query = await form();
    return typeof query === 'string' ? told(request, query) : cloudShellShape(query);
  };

  return (request, form) => {
    const { method, rawHeaders, target } = request;
    const { path, query } = splitTarget(target);
    if (path !== TOKEN_PATH) return cloudShellShape(unknownPath(path));
    if (method !== 'GET' && method !== 'POST') return cloudShellShape(wrongMethod(METHODS));
    if (!hasMetadata(rawHeaders)) {
      noMetadata(context, request);
      return cloudShellShape(NO_METADATA);
    }
    return form === undefined ? told(request, query) : filled(request, form);
  };
}
