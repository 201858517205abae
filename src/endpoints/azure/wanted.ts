import type { CallerIdentity } from '../contract.ts';
import { failure, type Failure, invalid, NO_IDENTITY } from './failure.ts';
import { type Parameters, type SelectorName, SELECTORS } from './query.ts';

/** Which token is wanted, of which identity. The same object for the same words: answers are kept by it. */
export interface Wanted {
  readonly kind: 'wanted';
  readonly identity: CallerIdentity;
  /** As the client wrote it: Python keeps tokens by the resource in the answer. */
  readonly resource: string;
  /** How the client named the identity; absent when it took the default one. */
  readonly selector?: { readonly name: SelectorName; readonly value: string };
  /** `bypass_cache` */
  readonly fresh: boolean;
  /** SHA-256, hex, of a token that was refused somewhere: not that one again. */
  readonly refused?: string;
}

/** Told of identities whose client id is not known; by it none is named. */
const NOBODY = '00000000-0000-0000-0000-000000000000';

/** Characters. Real ones are URLs and GUIDs. */
const MAX_RESOURCE = 2048;

/** RFC 3986. */
const RESOURCE = /^[\w\-.~:/?#[\]@!$&'()*+,;=%]+$/;

const DIGEST = /^[0-9a-f]{64}$/;

/** Which token `parameters` mean, or why none. `allowed`: the selectors that this protocol knows. */
export function wantedOf(
  parameters: Parameters,
  identities: readonly CallerIdentity[],
  allowed: ReadonlySet<SelectorName>,
): Wanted | Failure {
  const { resource, bypass_cache: bypass = '' } = parameters;
  if (resource === undefined) return invalid('the parameter resource is missing');
  const wrong = wrongResource(resource);
  if (wrong !== undefined) return wrong;
  const refused = parameters.token_sha256_to_refresh?.toLowerCase();
  if (refused !== undefined && !DIGEST.test(refused)) {
    return invalid('the parameter token_sha256_to_refresh is a SHA-256 digest of 64 hex digits');
  }
  const [selector, second] = selectorsIn(parameters);
  if (second !== undefined) return invalid('an identity is named in one way, not in two');
  if (selector !== undefined && !allowed.has(selector.name)) {
    return invalid(`the parameter ${selector.name} is not known to this api-version`);
  }
  const identity = selector === undefined ? identities[0] : named(identities, selector);
  if (identity === undefined) return NO_IDENTITY;
  return {
    kind: 'wanted',
    identity,
    resource,
    ...(selector === undefined ? {} : { selector }),
    fresh: bypass.toLowerCase() === 'true',
    ...(refused === undefined ? {} : { refused }),
  };
}

type Selector = NonNullable<Wanted['selector']>;

function selectorsIn(parameters: Parameters): readonly Selector[] {
  return Object.keys(SELECTORS).flatMap((name) => {
    if (!isSelector(name)) return [];
    const value = parameters[name];
    return value === undefined ? [] : [{ name, value }];
  });
}

function isSelector(name: string): name is SelectorName {
  return name in SELECTORS;
}

/** GUIDs and ARM ids are the same in any letter case. */
function named(
  identities: readonly CallerIdentity[],
  { name, value }: Selector,
): CallerIdentity | undefined {
  const wanted = value.toLowerCase();
  if (wanted === NOBODY) return undefined;
  return identities.find((identity) => identity[SELECTORS[name]]?.toLowerCase() === wanted);
}

function wrongResource(resource: string): Failure | undefined {
  if (resource.length > MAX_RESOURCE) return invalid('the parameter resource is too long');
  if (/\s/.test(resource)) {
    return failure(400, 'invalid_scope', 'the parameter resource is one resource, without spaces');
  }
  if (!RESOURCE.test(resource)) {
    return invalid('the parameter resource has a character that no resource has');
  }
  if (!resource.endsWith('/.default')) return undefined;
  return failure(400, 'invalid_resource', 'the parameter resource is one without /.default');
}
