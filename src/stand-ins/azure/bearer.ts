import type { AzureRequest } from './request.ts';
import type { ResourceKind } from './resources.ts';
import type { Visit } from './service.ts';
import type { IssuedToken, TokenProblem } from './tokens.ts';
import type { World } from './world.ts';
import { nameOf } from './principals.ts';

export type BearerProblem = TokenProblem | 'missing' | 'audience';

/** Who shows a token that the service takes, or what is wrong. Fills in the visit. */
export function readBearer(
  world: World,
  kind: ResourceKind,
  request: AzureRequest,
  visit: Visit,
): IssuedToken | BearerProblem {
  const header = request.headers.get('authorization');
  if (header === undefined || header === '') return 'missing';
  const token = /^Bearer ([^\s,]+)$/i.exec(header)?.[1];
  if (token === undefined) return 'malformed';
  const judged = world.tokens.judge(token, visit.now);
  if (typeof judged === 'string') return judged;
  visit.principal = nameOf(judged.principal);
  visit.scopes = [judged.audience];
  return world.directory.resources.accepts(kind, judged.audience) ? judged : 'audience';
}
