/**
 * Built-in roles, by the actions that matter here.
 * https://learn.microsoft.com/azure/role-based-access-control/built-in-roles
 */
const CONTROL_READ = ['Microsoft.Storage/storageAccounts/read'] as const;
const CONTAINERS = 'Microsoft.Storage/storageAccounts/blobServices/containers';
const DELEGATION_KEY =
  'Microsoft.Storage/storageAccounts/blobServices/generateUserDelegationKey/action';
const DATA_READ = [`${CONTAINERS}/read`, `${CONTAINERS}/blobs/read`, DELEGATION_KEY] as const;
const DATA_WRITE = [
  ...DATA_READ,
  `${CONTAINERS}/write`,
  `${CONTAINERS}/delete`,
  `${CONTAINERS}/blobs/write`,
  `${CONTAINERS}/blobs/delete`,
  `${CONTAINERS}/blobs/add/action`,
] as const;

const ROLES = {
  Owner: CONTROL_READ,
  Contributor: CONTROL_READ,
  Reader: CONTROL_READ,
  'Storage Blob Data Owner': DATA_WRITE,
  'Storage Blob Data Contributor': DATA_WRITE,
  'Storage Blob Data Reader': DATA_READ,
  'Storage Blob Delegator': [DELEGATION_KEY],
} as const satisfies Readonly<Record<string, readonly string[]>>;

export type Role = keyof typeof ROLES;

export type Action =
  | (typeof CONTROL_READ)[number]
  | (typeof DATA_WRITE)[number]
  | `${typeof CONTAINERS}/blobs/move/action`;

export type Grants = ReturnType<typeof createGrants>;

/** Role assignments. Scopes are ARM ids: `/subscriptions/…/resourceGroups/…/…`, in any case. */
export function createGrants() {
  const assignments = new Set<{ principal: string; role: Role; scope: string }>();
  const normal = (scope: string): string => scope.toLowerCase().replace(/\/$/, '');
  const of = (objectId: string) =>
    [...assignments].filter(({ principal }) => principal === objectId);
  return {
    /** `principal`: an object id. Returns what takes the role away again. */
    grant(principal: string, role: Role, scope: string): () => void {
      const assignment = { principal, role, scope: normal(scope) };
      assignments.add(assignment);
      return () => void assignments.delete(assignment);
    },
    /** Whether a role at the place or above it has the action. */
    may: (objectId: string, action: Action, place: string): boolean =>
      of(objectId).some(
        ({ role, scope }) =>
          `${normal(place)}/`.startsWith(`${scope}/`) &&
          (ROLES[role] as readonly string[]).includes(action),
      ),
    /** Whether any role is held at the place, above it or under it: then it can be seen. */
    sees: (objectId: string, place: string): boolean =>
      of(objectId).some(
        ({ scope }) =>
          `${normal(place)}/`.startsWith(`${scope}/`) ||
          `${scope}/`.startsWith(`${normal(place)}/`),
      ),
  };
}
