import { azureIdentity, googleAccount } from '../core/token-account.ts';
import type { AzureIdentity, GoogleAccount, TokenAccount } from '../core/token-account.ts';

interface Profile {
  readonly name: string;
  readonly account?: TokenAccount | undefined;
}

/** The account that clients are told first, in the project that the configuration names. */
export function defaultAccount(
  profiles: readonly Profile[],
  gce: { readonly projectId?: string | undefined },
): GoogleAccount | undefined {
  const account = profiles
    .map((one) => googleAccount(one.account))
    .find((one) => one !== undefined);
  if (account === undefined || gce.projectId === undefined) return account;
  return { ...account, projectId: gce.projectId };
}

/** The same for Azure, in the subscription that the configuration names. */
export function defaultIdentity(
  profiles: readonly Profile[],
  azure: { readonly subscriptionId?: string | undefined },
): AzureIdentity | undefined {
  const identity = profiles
    .map((one) => azureIdentity(one.account))
    .find((one) => one !== undefined);
  if (identity === undefined || azure.subscriptionId === undefined) return identity;
  return { ...identity, subscriptionId: azure.subscriptionId };
}

/** Which accounts clients can ask for, and which profiles no client can: others come before them. */
export function accountNotes(profiles: readonly Profile[]): readonly string[] {
  return [...googleNotes(profiles), ...azureNotes(profiles)];
}

/** A second profile with one e-mail is out of reach. */
function googleNotes(profiles: readonly Profile[]): readonly string[] {
  const byEmail = new Map<string, string>();
  const notes: string[] = [];
  for (const { name, account: any } of profiles) {
    const account = googleAccount(any);
    if (account === undefined) continue;
    const before = byEmail.get(account.email);
    if (before === undefined) byEmail.set(account.email, name);
    else {
      notes.push(
        `no client can ask a metadata server for ${name}: it is ${account.email}, and so is ${before}; ` +
          'put it into a workload of its own',
      );
    }
  }
  const [first, ...others] = byEmail.keys();
  if (first === undefined || others.length === 0) return notes;
  return [
    `clients get ${first} unasked; ${others.join(', ')} where they name that account`,
    ...notes,
  ];
}

/** The id of nothing: what identities are told by whose client id is not known. */
const NOBODY = '00000000-0000-0000-0000-000000000000';

/** Clients name an identity by its client id, object id or resource id; the first one of an id has it. */
function azureNotes(profiles: readonly Profile[]): readonly string[] {
  const owners = new Map<string, string>();
  const reachable: string[] = [];
  const notes: string[] = [];
  for (const { name, account } of profiles) {
    const identity = azureIdentity(account);
    if (identity === undefined) continue;
    const ids = idsOf(identity);
    const own = ids.find((id) => !owners.has(id));
    if (own !== undefined || reachable.length === 0) reachable.push(own ?? name);
    else notes.push(outOfReach(name, identity, ids.map((id) => owners.get(id))[0]));
    for (const id of ids) if (!owners.has(id)) owners.set(id, name);
  }
  const [first, ...others] = reachable;
  if (first === undefined || others.length === 0) return notes;
  return [`clients get ${first} unasked; ${others.join(', ')} where they name that id`, ...notes];
}

function idsOf({ clientId, objectId, resourceId }: AzureIdentity): readonly string[] {
  return [clientId, objectId, resourceId].flatMap((id) =>
    id === undefined || id === NOBODY ? [] : id.toLowerCase(),
  );
}

function outOfReach(name: string, { clientId }: AzureIdentity, before: string | undefined): string {
  const why =
    before === undefined ? 'it has no id that is known' : `it is ${clientId}, and so is ${before}`;
  return `no client can ask for the managed identity ${name}: ${why}; put it into a workload of its own`;
}
