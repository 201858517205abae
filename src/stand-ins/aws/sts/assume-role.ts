import { identityOf } from '../principals.ts';
import type { Principal, Role, Tags } from '../principals.ts';
import { refusal } from '../refusal.ts';
import type { XmlElements } from '../xml.ts';
import { credentialsElement } from './answers.ts';
import { callContext, denied, secondsOf } from './call.ts';
import type { SignedCall, StsAction, UnsignedCall } from './call.ts';
import { readSessionScope } from './session-scope.ts';
import type { SessionScope } from './session-scope.ts';
import { mayAssume } from './trust.ts';

/** A role assumed with temporary credentials lasts an hour at most, whatever the role allows. */
const CHAINED_MAX_SECONDS = 3600;

/** https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html */
export const ASSUME_ROLE: StsAction = {
  signed: true,
  required: ['RoleArn', 'RoleSessionName'],
  seconds: [900, 43_200],
  run: assumeRole,
};

function assumeRole(call: SignedCall): XmlElements {
  const { parameters, accounts, key } = call;
  const { principal } = key;
  const roleArn = roleArnOf(call);
  const refused = notAuthorized(principal, 'sts:AssumeRole', roleArn);
  if (principal.kind === 'federated') throw refused;
  if (principal.kind === 'user' && principal.user.root) {
    throw denied('Roles may not be assumed by root accounts.');
  }
  const scope = readSessionScope(parameters, accounts, accountOf(roleArn));
  const inherited = inheritedTags(principal);
  const tags = mergeTags(scope.tags, inherited);
  const sourceIdentity = chainSourceIdentity(principal, parameters.text('SourceIdentity'), refused);
  const context = callContext(call);
  setText(context, 'sts:externalid', parameters.text('ExternalId'));
  setText(context, 'sts:rolesessionname', parameters.text('RoleSessionName'));
  setText(context, 'sts:sourceidentity', sourceIdentity);
  setTags(context, tags, scope.transitiveTagKeys);
  const role = accounts.findRole(roleArn);
  const actions = ['sts:AssumeRole'];
  if (tags.size > 0) actions.push('sts:TagSession');
  if (sourceIdentity !== undefined) actions.push('sts:SetSourceIdentity');
  if (role === undefined || !mayAssume(principal, role, actions, context)) throw refused;
  return startRoleSession(call, role, {
    action: 'AssumeRole',
    chained: principal.kind !== 'user',
    scope: {
      ...scope,
      tags,
      transitiveTagKeys: [...inherited.keys(), ...scope.transitiveTagKeys],
    },
    sourceIdentity,
  });
}

export interface RoleSessionStart {
  readonly action: string;
  readonly chained: boolean;
  readonly scope: SessionScope;
  readonly sourceIdentity: string | undefined;
}

/** Checks the lifetime, issues the session and writes the part of the answer both AssumeRole… share. */
export function startRoleSession(
  call: UnsignedCall,
  role: Role,
  start: RoleSessionStart,
): XmlElements {
  const { parameters, accounts } = call;
  const seconds = secondsOf(parameters, 3600);
  if (start.chained && seconds > CHAINED_MAX_SECONDS) {
    throw tooLong('the 1 hour session limit for roles assumed by role chaining');
  }
  if (seconds > role.maxSessionSeconds) throw tooLong('the MaxSessionDuration set for this role');
  const principal: Principal = {
    kind: 'role',
    role,
    sessionName: parameters.text('RoleSessionName') ?? '',
    sessionPolicies: start.scope.policies,
    tags: start.scope.tags,
    transitiveTagKeys: start.scope.transitiveTagKeys,
    sourceIdentity: start.sourceIdentity,
  };
  const session = accounts.issue(principal, seconds, {
    action: start.action,
    parameters: parameters.shown,
  });
  const { arn, userId } = identityOf(principal);
  return {
    AssumedRoleUser: { AssumedRoleId: userId, Arn: arn },
    Credentials: credentialsElement(session),
    PackedPolicySize: start.scope.packedSize,
    SourceIdentity: start.sourceIdentity,
  };
}

/** Throws ValidationError (400) when it is no role ARN at all. */
export function roleArnOf(call: UnsignedCall): string {
  const arn = call.parameters.text('RoleArn') ?? '';
  if (!/^arn:aws[a-z-]*:iam::\d{12}:role\/.+$/.test(arn)) {
    throw refusal('ValidationError', 400, `${arn} is invalid`);
  }
  return arn;
}

export function accountOf(arn: string): string {
  return arn.split(':')[4] ?? '';
}

export function setText(
  context: Map<string, readonly string[]>,
  key: string,
  value: string | undefined,
): void {
  if (value !== undefined) context.set(key, [value]);
}

export function setTags(
  context: Map<string, readonly string[]>,
  tags: Tags,
  transitive: readonly string[],
): void {
  if (tags.size === 0) return;
  context.set('aws:tagkeys', [...tags.keys()]);
  for (const [key, value] of tags) context.set(`aws:requesttag/${key.toLowerCase()}`, [value]);
  if (transitive.length > 0) context.set('sts:transitivetagkeys', transitive);
}

function inheritedTags(principal: Principal): Tags {
  if (principal.kind !== 'role') return new Map();
  return new Map([...principal.tags].filter(([key]) => principal.transitiveTagKeys.includes(key)));
}

/** A transitive tag cannot be set anew further down the chain. IAM User Guide, "Chaining roles with session tags". */
function mergeTags(requested: Tags, inherited: Tags): Tags {
  const taken = new Set([...inherited.keys()].map((key) => key.toLowerCase()));
  if ([...requested.keys()].some((key) => taken.has(key.toLowerCase()))) {
    const text =
      "One of the specified transitive tag keys can't be set because it conflicts with a transitive tag key from the calling session.";
    throw refusal('InvalidParameterValue', 400, text);
  }
  return new Map([...inherited, ...requested]);
}

/** A source identity stays the same along a chain: absent is inherited, another one is refused. */
function chainSourceIdentity(
  principal: Principal,
  requested: string | undefined,
  refused: Error,
): string | undefined {
  const before = principal.kind === 'role' ? principal.sourceIdentity : undefined;
  if (before !== undefined && requested !== undefined && before !== requested) throw refused;
  return before ?? requested;
}

function notAuthorized(principal: Principal, action: string, resource: string): Error {
  const { arn } = identityOf(principal);
  return denied(`User: ${arn} is not authorized to perform: ${action} on resource: ${resource}`);
}

function tooLong(limit: string): Error {
  return refusal('ValidationError', 400, `The requested DurationSeconds exceeds ${limit}.`);
}
