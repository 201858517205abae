import { defineEndpoint, type DirectRequest, type EndpointContext } from '../contract.ts';
import { singleHeader } from '../raw-header.ts';
import { whenReady } from '../settle.ts';
import { failure, failureOf, imdsShape, refusalOf, wrongMethod } from './failure.ts';
import { remembering } from './finder.ts';
import { findImds, METADATA_PATH, TOKEN_PATH } from './imds.ts';
import {
  caught,
  directRoutes,
  hasMetadata,
  NO_METADATA,
  noMetadata,
  type Reply,
} from './routes.ts';
import { splitTarget, unknownPath } from './target.ts';
import { createTokens } from './tokens.ts';
import { arcVariables } from './variables.ts';

const FORBIDDEN = failure(403, 'forbidden', 'the request is refused');

/** What follows the scheme is the file's content as it is: no client encodes it. */
const BASIC = /^Basic (?<key>\S+)$/i;

/**
 * Managed identities of a machine with Azure Arc: a caller proves its user by the content of a file
 * that only that user can read. For a listener of its own: the paths are those of `azure-imds`.
 * https://learn.microsoft.com/azure/azure-arc/servers/managed-identity-authentication
 */
export default defineEndpoint({
  kind: 'azure-arc',
  title: 'Azure Arc managed identity',
  spec: 'https://learn.microsoft.com/azure/azure-arc/servers/managed-identity-authentication',
  address: undefined,
  paths: [METADATA_PATH],
  anyCase: true,
  hosts: ['localhost'],
  refuse: (status, reason) => imdsShape(refusalOf(status, reason, 'GET')),
  errorBody: (error) => imdsShape(failureOf(error)),
  variables: arcVariables,
  routes(context: EndpointContext) {
    const find = remembering(findImds);
    const tokens = createTokens(context, { shape: imdsShape, echo: true });

    const challenge = async ({ connection }: DirectRequest, why: string | undefined) => {
      const file = await context.challenge(connection);
      if (file === undefined) {
        context.refused(connection, 'nobody’s connection', FORBIDDEN.status);
        return imdsShape(FORBIDDEN);
      }
      if (why !== undefined) context.refused(connection, why, 401);
      // No quotes, and no other equals sign: clients split at it.
      const headers = { 'WWW-Authenticate': `Basic realm=${file}` };
      const text = 'show the content of the file that WWW-Authenticate names';
      return imdsShape(failure(401, 'unauthorized', text, headers));
    };

    return directRoutes(
      caught(context, imdsShape, (request): Reply => {
        const { connection, method, rawHeaders, target } = request;
        const { path, query } = splitTarget(target);
        if (path !== TOKEN_PATH) return imdsShape(unknownPath(path));
        if (method !== 'GET') return imdsShape(wrongMethod('GET'));
        if (!hasMetadata(rawHeaders)) {
          noMetadata(context, request);
          return imdsShape(NO_METADATA);
        }
        const authorization = singleHeader(rawHeaders, 'authorization');
        if (authorization === undefined) return challenge(request, undefined);
        const key = BASIC.exec(authorization)?.groups?.['key'];
        if (key === undefined) return challenge(request, 'no content of a challenge file');
        return whenReady(context.identify(connection, { kind: 'challenge', key }), (caller) => {
          if (caller === undefined) return challenge(request, 'wrong content of a challenge file');
          const found = find(caller.identities, query);
          if (found.kind === 'wanted') return tokens(connection, caller, found);
          context.refused(connection, found.text, found.status);
          return imdsShape(found);
        });
      }),
    );
  },
});
