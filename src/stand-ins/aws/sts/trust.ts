import { evaluate } from '../policy.ts';
import type { Question } from '../policy.ts';
import { identityOf, permissionOf, trustNames } from '../principals.ts';
import type { Principal, Role } from '../principals.ts';

/**
 * Whether a caller may assume a role: the role must trust it, and it must be allowed to.
 * A trust policy of the same account that names the caller itself is enough; one that names only the
 * account, or another account's caller, needs a permission of the caller's own as well.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic-cross-account.html
 */
export function mayAssume(
  principal: Principal,
  role: Role,
  actions: readonly string[],
  context: Question['context'],
): boolean {
  return actions.every((action) => mayDo(principal, role, { action, resource: role.arn, context }));
}

function mayDo(principal: Principal, role: Role, question: Question): boolean {
  const names = trustNames(principal);
  const everybody = [...names.direct, ...names.account];
  const own = permissionOf(principal, question);
  const trusted = evaluate([role.trust], { ...question, principals: everybody });
  if (own === 'deny' || trusted !== 'allow') return false;
  if (own === 'allow') return true;
  // A session policy still limits what the trust policy grants to the role behind a session.
  const narrowed = principal.kind === 'role' && principal.sessionPolicies !== undefined;
  if (narrowed || identityOf(principal).account !== role.account) return false;
  return evaluate([role.trust], { ...question, principals: names.direct }) === 'allow';
}
