import type { AwsSession } from '../../core/credential.ts';
import { ValetkeyError } from '../../core/errors.ts';
import type { ImplicitPolicy } from '../contract.ts';
import type { RoleConfig } from './role-options.ts';
import type { Source } from './source.ts';

/*
 * Whoever may register a connector could otherwise borrow the daemon's own cloud identity. It yields
 * only what the configuration lists: whole accounts, or roles.
 */

const HINT = 'list the account or the role under policy.implicit.allow in config.yaml';

/**
 * Before anything is asked of a cloud: is anything allowed at all, and is the role, where one is
 * named? Throws `IMPLICIT_FORBIDDEN`.
 */
export function checkImplicitSource(policy: ImplicitPolicy, source: Source, own: RoleConfig): void {
  const { allow } = policy;
  if (allow.length === 0) throw new ValetkeyError('IMPLICIT_FORBIDDEN', { hint: HINT });
  const roleArn = own.role_chain?.at(-1)?.role_arn ?? own.role_arn ?? source.roles.at(-1)?.roleArn;
  if (roleArn === undefined || allow.includes(roleArn)) return;
  if (!allow.includes(roleArn.split(':')[4] ?? '')) throw forbidden(roleArn);
}

/** What was obtained, before it is handed out. */
export function checkImplicitSession({ allow }: ImplicitPolicy, session: AwsSession): void {
  const { accountId, principalArn, roleArn } = session;
  const allowed = allow.some(
    (entry) => entry === accountId || entry === roleArn || isSessionOf(principalArn, entry),
  );
  if (!allowed) throw forbidden(principalArn);
}

/** A session's ARN has its role's account and name, not its path; names are unique in an account. */
function isSessionOf(principalArn: string, roleArn: string): boolean {
  const session = /^arn:([\w-]+):sts::(\d{12}):assumed-role\/([^/]+)\//.exec(principalArn);
  const role = /^arn:([\w-]+):iam::(\d{12}):role\/(?:.*\/)?([^/]+)$/.exec(roleArn);
  if (session === null || role === null) return false;
  return session.slice(1).join(':') === role.slice(1).join(':');
}

function forbidden(identity: string): ValetkeyError {
  return new ValetkeyError('IMPLICIT_FORBIDDEN', {
    reason: `${identity} is not among the identities it may yield`,
    hint: HINT,
  });
}
