/**
 * Roles on a service account, by the permissions that matter for acting as it.
 * https://cloud.google.com/iam/docs/roles-permissions/iam
 */
const ROLES = {
  tokenCreator: [
    'iam.serviceAccounts.getAccessToken',
    'iam.serviceAccounts.getOpenIdToken',
    'iam.serviceAccounts.implicitDelegation',
    'iam.serviceAccounts.signBlob',
    'iam.serviceAccounts.signJwt',
  ],
  openIdTokenCreator: ['iam.serviceAccounts.getOpenIdToken'],
  workloadIdentityUser: [
    'iam.serviceAccounts.getAccessToken',
    'iam.serviceAccounts.getOpenIdToken',
  ],
} as const satisfies Readonly<Record<string, readonly string[]>>;

export type AccountRole = keyof typeof ROLES;

export interface Grant {
  /** `serviceAccount:…`, `user:…`, `principal://…` or `principalSet://…`. */
  readonly member: string;
  readonly role: AccountRole;
  /** E-mail of the service account to act as. */
  readonly on: string;
}

/** Allow policies on accounts, delegation in the Workspace domain, and one organisation policy. */
export function createPolicies() {
  const grants = new Set<Grant>();
  const delegations = new Map<string, readonly string[]>();
  const extended = new Set<string>();
  return {
    /** Returns what takes the grant away again. */
    grant(grant: Grant): () => void {
      const own = { ...grant };
      grants.add(own);
      return () => void grants.delete(own);
    },

    permitted: (members: readonly string[], permission: string, email: string): boolean =>
      [...grants].some(
        ({ member, role, on }) =>
          on === email &&
          members.includes(member) &&
          (ROLES[role] as readonly string[]).includes(permission),
      ),

    /** What an administrator allows at admin.google.com; `clientId` is the account's unique id. */
    domainWideDelegation: (clientId: string, scopes: readonly string[]): void =>
      void delegations.set(clientId, scopes),
    delegated: (clientId: string): readonly string[] => delegations.get(clientId) ?? [],

    /** constraints/iam.allowServiceAccountCredentialLifetimeExtension: up to 12 h for this account. */
    extendLifetime: (email: string): void => void extended.add(email),
    lifetimeExtended: (email: string): boolean => extended.has(email),
  };
}
