import { invalid } from './arn.ts';
import type { AwsScope, ScopeGroup, SessionPolicy } from './cloud.ts';
import { outsideOf } from './scope-denials.ts';
import { compactJson, parseUserPolicy, type Statement } from './user-policy.ts';

/** Characters of the inline policy and the managed ARNs together. STS API Reference, AssumeRole. */
export const SESSION_POLICY_MAX_CHARS = 2048;

/** What a person restricts a connector to, whatever is asked of it. */
export interface OwnPolicy {
  readonly policy?: string | undefined;
  readonly policy_arns?: readonly string[] | undefined;
}

/**
 * What STS is sent so that a session may do what the scope *and* the person's own policy allow;
 * `undefined` when neither says anything. STS takes several session policies as a union, so an
 * intersection is written as the person's own Allow and a Deny of everything outside the scope.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies.html#policies_session
 * Throws `INPUT_INVALID` when the result is larger than STS takes.
 */
export function sessionPolicy(
  scope: AwsScope | undefined,
  own: OwnPolicy,
): SessionPolicy | undefined {
  const arns = own.policy_arns?.length === 0 ? undefined : own.policy_arns;
  const owned = own.policy === undefined ? [] : parseUserPolicy(own.policy).Statement;
  const restricted = owned.length > 0 || arns !== undefined;
  if (scope === undefined && !restricted) return undefined;
  const statements = [...owned, ...scopeStatements(scope, restricted)];
  const inline =
    statements.length === 0
      ? undefined
      : compactJson({ Version: '2012-10-17', Statement: statements });
  return sized({ inline, managedArns: arns });
}

/** The session policy in STS's own words, for people to read. */
export function policyAsSent(scope: AwsScope | undefined, own: OwnPolicy): unknown {
  const sent = sessionPolicy(scope, own);
  if (sent === undefined) return undefined;
  return {
    ...(sent.inline === undefined ? {} : { Policy: JSON.parse(sent.inline) as unknown }),
    ...(sent.managedArns === undefined ? {} : { PolicyArns: sent.managedArns }),
  };
}

/** Throws `INPUT_INVALID`. STS packs policies and tags into a second limit that only it can check. */
export function sized(policy: SessionPolicy): SessionPolicy {
  const { inline = '', managedArns = [] } = policy;
  const chars = managedArns.reduce((sum, arn) => sum + arn.length, inline.length);
  if (chars <= SESSION_POLICY_MAX_CHARS) return policy;
  throw invalid(
    'policy',
    `the session policy has ${chars} characters, AWS takes ${SESSION_POLICY_MAX_CHARS}`,
    'ask for fewer resources in one credential, use shorter prefixes, or move the connector’s own policy into a managed one (policy_arns)',
  );
}

function scopeStatements(scope: AwsScope | undefined, restricted: boolean): readonly Statement[] {
  if (scope === undefined) return [];
  // A document without statements is malformed; an empty scope allows nothing.
  if (scope.groups.length === 0) return [{ Effect: 'Deny', Action: '*', Resource: '*' }];
  return restricted ? outsideOf(scope.groups) : scope.groups.map(allow);
}

function allow({ actions, resources, condition }: ScopeGroup): Statement {
  return {
    Effect: 'Allow',
    Action: actions,
    Resource: resources,
    ...(condition === undefined ? {} : { Condition: condition }),
  };
}
