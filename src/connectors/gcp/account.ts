import { ValetkeyError } from '../../core/errors.ts';
import type { GoogleAccount } from '../../core/token-account.ts';
import type { AccountInput, ResourceTypeSpec } from '../contract.ts';
import type { GcpCloud, GcpScope } from './cloud.ts';
import { ownScopes } from './own-scopes.ts';
import { textOf } from '../fields/text-of.ts';
import { GOOGLE_UNIVERSE } from './place.ts';
import { mergeScopes } from './scope.ts';
import { CLOUD_PLATFORM, DEFAULT_SCOPES, impliedScopes } from './scopes.ts';

type ResourceTypes = Readonly<Record<string, ResourceTypeSpec<GcpCloud, GcpScope>>>;
type Config = AccountInput['config'];

/** Whose tokens have the scopes they have: clients get the usual one, as on a virtual machine. */
const FIXED_SCOPES = new Set(['oauth2-token']);

/** Identity tokens are for service accounts; a person's has the OAuth client as its audience. */
const NO_IDENTITY = new Set(['oauth2-token', 'user-account']);

/**
 * The account behind grants as a metadata server tells it. Pure. Throws `INPUT_INVALID` and
 * `OUT_OF_SCOPE` for grants that no token can be issued for.
 */
export function accountFrom(resourceTypes: ResourceTypes) {
  return (input: AccountInput): GoogleAccount => {
    const { method, config } = input;
    const scope = mergeScopes(
      input.resources.map((resource) => {
        const type = resourceTypes[resource.type];
        if (type !== undefined) return type.narrow(resource, config);
        throw new ValetkeyError('INTERNAL', { subject: resource.type });
      }),
    );
    const scopes = scopesOf(scope, config);
    const chooses = scope?.boundary === undefined && !FIXED_SCOPES.has(method);
    return {
      cloud: 'google',
      email: emailOf(config),
      projectId: textOf(config, 'project_id') ?? '',
      projectNumber: textOf(config, 'project_number'),
      universeDomain: textOf(config, 'universe_domain') ?? GOOGLE_UNIVERSE,
      scopes,
      askable: chooses ? impliedScopes(scopes) : undefined,
      audiences: audiencesOf(input, resourceTypes),
      quotaProject:
        method === 'user-account'
          ? (textOf(config, 'quota_project') ?? textOf(config, 'project_id'))
          : undefined,
    };
  };
}

/** What the usual token carries. A boundary limits the token otherwise and leaves it the widest scope. */
function scopesOf(scope: GcpScope | undefined, config: Config): readonly string[] {
  const own = ownScopes(config);
  if (scope?.boundary === undefined) return scope?.scopes ?? own ?? DEFAULT_SCOPES;
  return own === undefined || own.includes(CLOUD_PLATFORM) ? [CLOUD_PLATFORM] : own;
}

/** Whom the tokens speak for. GKE reports an account without an e-mail by its workload pool: `PROJECT.svc.id.goog`. */
function emailOf(config: Config): string {
  return (
    textOf(config, 'subject') ??
    textOf(config, 'target_principal') ??
    textOf(config, 'account_email') ??
    `${textOf(config, 'project_id') ?? 'unknown'}.svc.id.goog`
  );
}

/** What is granted for resources alone is no proof of who the client is. */
function audiencesOf(
  { method, config, resources, audiences }: AccountInput,
  resourceTypes: ResourceTypes,
): GoogleAccount['audiences'] {
  const whole = resources.some(({ type }) => resourceTypes[type]?.instances === false);
  const federated = method === 'external-account' && !isServiceAccount(emailOf(config));
  const delegated = textOf(config, 'subject') !== undefined;
  if (!whole || federated || delegated || NO_IDENTITY.has(method)) return [];
  // Who limits a grant to some scopes does not mean to hand out the whole identity beside them.
  const limited = resources.some(({ scopes }) => scopes !== undefined);
  return audiences ?? (limited ? [] : 'any');
}

function isServiceAccount(email: string): boolean {
  return email.endsWith('.gserviceaccount.com');
}
