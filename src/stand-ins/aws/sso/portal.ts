import type { Accounts } from '../accounts.ts';
import { refusal } from '../refusal.ts';
import type { Directory } from './directory.ts';
import type { JsonObject } from './oidc.ts';

export interface PortalCall {
  readonly query: URLSearchParams;
  /** Value of `x-amz-sso_bearer_token`. */
  readonly token: string | undefined;
  readonly directory: Directory;
  readonly accounts: Accounts;
  /** ms since the epoch. */
  readonly now: number;
}

/** https://docs.aws.amazon.com/singlesignon/latest/PortalAPIReference/API_GetRoleCredentials.html */
export function getRoleCredentials(call: PortalCall): JsonObject {
  const { directory, accounts, query } = call;
  checkToken(call);
  const roleName = required(query, 'role_name');
  const accountId = required(query, 'account_id');
  const assignment = directory.assignments.find(
    (other) => other.roleName === roleName && other.accountId === accountId,
  );
  if (assignment === undefined) throw refusal('ForbiddenException', 403, 'No access');
  const session = accounts.issue(
    {
      kind: 'role',
      role: assignment.role,
      sessionName: 'person@example.com',
      sessionPolicies: undefined,
      tags: new Map(),
      transitiveTagKeys: [],
      sourceIdentity: undefined,
    },
    assignment.seconds,
    { action: 'GetRoleCredentials', parameters: { roleName, accountId } },
  );
  return {
    roleCredentials: {
      accessKeyId: session.accessKeyId,
      secretAccessKey: session.secretAccessKey,
      sessionToken: session.sessionToken,
      expiration: session.expiresAt,
    },
  };
}

/** https://docs.aws.amazon.com/singlesignon/latest/PortalAPIReference/API_ListAccounts.html */
export function listAccounts(call: PortalCall): JsonObject {
  checkToken(call);
  const byId = new Map(call.directory.assignments.map((item) => [item.accountId, item]));
  const accounts = [...byId.values()].map(({ accountId, accountName, emailAddress }) => ({
    accountId,
    accountName,
    emailAddress,
  }));
  const [accountList, nextToken] = pageOf(accounts, call.query);
  return { accountList, nextToken };
}

/** https://docs.aws.amazon.com/singlesignon/latest/PortalAPIReference/API_ListAccountRoles.html */
export function listAccountRoles(call: PortalCall): JsonObject {
  checkToken(call);
  const accountId = required(call.query, 'account_id');
  const roles = call.directory.assignments.filter((item) => item.accountId === accountId);
  if (roles.length === 0) throw refusal('ForbiddenException', 403, 'No access');
  const [roleList, nextToken] = pageOf(
    roles.map(({ roleName }) => ({ roleName, accountId })),
    call.query,
  );
  return { roleList, nextToken };
}

/** https://docs.aws.amazon.com/singlesignon/latest/PortalAPIReference/API_Logout.html */
export function logout(call: PortalCall): JsonObject {
  call.directory.accessTokens.delete(checkToken(call));
  return {};
}

function checkToken({ token, directory, now }: PortalCall): string {
  if (token !== undefined && now < (directory.accessTokens.get(token) ?? 0)) return token;
  throw refusal('UnauthorizedException', 401, 'Session token not found or invalid');
}

function required(query: URLSearchParams, name: string): string {
  const value = query.get(name);
  if (value === null) throw refusal('InvalidRequestException', 400, `Missing ${name}`);
  return value;
}

/** Tokens are the offset; AWS's are opaque, so clients cannot tell. */
function pageOf<Item>(
  items: readonly Item[],
  query: URLSearchParams,
): [Item[], string | undefined] {
  const start = Number(query.get('next_token') ?? 0);
  const end = start + Number(query.get('max_result') ?? 100);
  return [items.slice(start, end), end < items.length ? String(end) : undefined];
}
