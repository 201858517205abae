import type { Policy } from './policy-document.ts';
import { evaluate, evaluateSession } from './policy.ts';
import type { Answer, Question } from './policy.ts';
import type { MfaDevice } from './totp.ts';

export type Tags = ReadonlyMap<string, string>;

/** Somebody with long-term keys. The root of an account may do everything but assume roles. */
export interface User {
  readonly account: string;
  readonly name: string;
  readonly arn: string;
  readonly userId: string;
  readonly root: boolean;
  readonly policies: readonly Policy[];
  readonly tags: Tags;
  readonly mfa: MfaDevice;
}

export interface Role {
  readonly account: string;
  readonly name: string;
  readonly arn: string;
  readonly roleId: string;
  readonly trust: Policy;
  readonly policies: readonly Policy[];
  readonly tags: Tags;
  /** 3600..43200. */
  readonly maxSessionSeconds: number;
}

/** Who a key speaks for. `sessionPolicies` undefined = made without any. Times: ms since the epoch. */
export type Principal =
  | { readonly kind: 'user'; readonly user: User }
  | { readonly kind: 'session-token'; readonly user: User; readonly mfaAt: number | undefined }
  | {
      readonly kind: 'federated';
      readonly user: User;
      readonly name: string;
      readonly sessionPolicies: readonly Policy[] | undefined;
      readonly tags: Tags;
    }
  | {
      readonly kind: 'role';
      readonly role: Role;
      readonly sessionName: string;
      readonly sessionPolicies: readonly Policy[] | undefined;
      readonly tags: Tags;
      readonly transitiveTagKeys: readonly string[];
      readonly sourceIdentity: string | undefined;
    };

export interface Identity {
  readonly account: string;
  readonly arn: string;
  readonly userId: string;
}

/** What GetCallerIdentity says. */
export function identityOf(principal: Principal): Identity {
  if (principal.kind === 'role') {
    const { account, name, roleId } = principal.role;
    const arn = `arn:aws:sts::${account}:assumed-role/${name}/${principal.sessionName}`;
    return { account, arn, userId: `${roleId}:${principal.sessionName}` };
  }
  const { account, arn, userId } = principal.user;
  if (principal.kind !== 'federated') return { account, arn, userId };
  const { name } = principal;
  return {
    account,
    arn: `arn:aws:sts::${account}:federated-user/${name}`,
    userId: `${account}:${name}`,
  };
}

/** The names a trust policy can mean this caller by: its own, and its account as a whole. */
export function trustNames(principal: Principal): { direct: string[]; account: string[] } {
  const { account, arn } = identityOf(principal);
  const own = principal.kind === 'role' ? [arn, principal.role.arn] : [arn];
  return {
    direct: ['*', ...own.map((name) => `AWS:${name}`)],
    account: [`AWS:arn:aws:iam::${account}:root`],
  };
}

/** What the caller's own policies say; what the resource says comes on top of it. */
export function permissionOf(principal: Principal, question: Question): Answer {
  if (principal.kind === 'role') {
    return evaluateSession(principal.role.policies, principal.sessionPolicies, question);
  }
  const { root, policies } = principal.user;
  if (principal.kind !== 'federated') return root ? 'allow' : evaluate(policies, question);
  // Without a session policy a federated user has no permissions at all.
  const session = principal.sessionPolicies ?? [];
  return root ? evaluate(session, question) : evaluateSession(policies, session, question);
}

/** Condition keys that every request of this caller carries. `keyIssuedAt`: ms, temporary keys only. */
export function principalContext(
  principal: Principal,
  now: number,
  keyIssuedAt: number | undefined,
): Map<string, readonly string[]> {
  const { account, arn, userId } = identityOf(principal);
  const context = new Map<string, readonly string[]>([
    ['aws:principalarn', [principal.kind === 'role' ? principal.role.arn : arn]],
    ['aws:principalaccount', [account]],
    ['aws:userid', [userId]],
    ['aws:currenttime', [new Date(now).toISOString()]],
    ['aws:epochtime', [String(Math.floor(now / 1000))]],
    ['aws:securetransport', ['false']],
    ['aws:sourceip', ['127.0.0.1']],
  ]);
  if (principal.kind === 'user' || principal.kind === 'session-token') {
    context.set('aws:username', [principal.user.name]);
  }
  // Absent with long-term keys, not "false": policies that test it with Bool rely on that.
  if (keyIssuedAt !== undefined) {
    const mfaAt = principal.kind === 'session-token' ? principal.mfaAt : undefined;
    addMfa(context, mfaAt, now);
    context.set('aws:tokenissuetime', [new Date(keyIssuedAt).toISOString()]);
  }
  for (const [key, value] of tagsOf(principal)) {
    context.set(`aws:principaltag/${key.toLowerCase()}`, [value]);
  }
  if (principal.kind === 'role' && principal.sourceIdentity !== undefined) {
    context.set('aws:sourceidentity', [principal.sourceIdentity]);
  }
  return context;
}

export function addMfa(
  context: Map<string, readonly string[]>,
  mfaAt: number | undefined,
  now: number,
): void {
  context.set('aws:multifactorauthpresent', [String(mfaAt !== undefined)]);
  if (mfaAt === undefined) return;
  context.set('aws:multifactorauthage', [String(Math.floor((now - mfaAt) / 1000))]);
}

/** Session tags win over the tags of the role or user behind the session. */
function tagsOf(principal: Principal): Tags {
  if (principal.kind === 'role') return new Map([...principal.role.tags, ...principal.tags]);
  if (principal.kind !== 'federated') return principal.user.tags;
  return new Map([...principal.user.tags, ...principal.tags]);
}
