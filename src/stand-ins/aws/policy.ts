import { conditionsHold } from './conditions.ts';
import type { ConditionContext, Conditions } from './conditions.ts';
import type { Policy, Statement } from './policy-document.ts';
import { matchesWildcard } from './wildcard.ts';

/** One thing somebody wants to do. */
export interface Question {
  /** `s3:GetObject`. */
  readonly action: string;
  /** An ARN, or `*` for an action without a resource. */
  readonly resource: string;
  readonly context: ConditionContext;
  /** For a trust policy: the names the caller answers to, as `Statement.principals` spells them. */
  readonly principals?: readonly string[];
}

/** `silent` = nobody allowed it and nobody forbade it, which also means no. */
export type Answer = 'allow' | 'deny' | 'silent';

/**
 * Evaluates one set of policies: any Deny wins, then any Allow.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
 */
export function evaluate(policies: readonly Policy[], question: Question): Answer {
  let answer: Answer = 'silent';
  for (const policy of policies) {
    for (const statement of policy.statements) {
      if (!applies(statement, policy.variables, question)) continue;
      if (statement.effect === 'Deny') return 'deny';
      answer = 'allow';
    }
  }
  return answer;
}

/**
 * Identity policies narrowed by session policies: both must allow, either may forbid.
 * `sessionPolicies` undefined = the session was made without any, so nothing is narrowed.
 */
export function evaluateSession(
  identity: readonly Policy[],
  sessionPolicies: readonly Policy[] | undefined,
  question: Question,
): Answer {
  const first = evaluate(identity, question);
  if (sessionPolicies === undefined || first === 'deny') return first;
  const second = evaluate(sessionPolicies, question);
  if (second === 'deny') return 'deny';
  return first === 'allow' && second === 'allow' ? 'allow' : 'silent';
}

function applies(statement: Statement, variables: boolean, question: Question): boolean {
  const { context } = question;
  const fill = variables ? (text: string) => substitute(text, context) : (text: string) => text;
  // Actions are compared without case, resources with it.
  const action = statement.actions.some((pattern) =>
    matchesWildcard(pattern.toLowerCase(), question.action.toLowerCase()),
  );
  if (action === statement.notActions) return false;
  const resource = statement.resources.some((pattern) => {
    const filled = fill(pattern);
    return filled !== undefined && matchesWildcard(filled, question.resource);
  });
  if (resource === statement.notResources) return false;
  if (question.principals !== undefined) {
    const names = question.principals;
    if (!statement.principals.some((name) => names.includes(name))) return false;
  }
  return conditionsHold(fillConditions(statement.conditions, fill), context);
}

function fillConditions(
  conditions: Conditions,
  fill: (text: string) => string | undefined,
): Conditions {
  return conditions.map((condition) => ({
    ...condition,
    values: condition.values.map(fill).filter((value) => value !== undefined),
  }));
}

/** `${aws:username}` and its like; `${*}`, `${?}`, `${$}` are the characters. Unknown: matches nothing. */
function substitute(text: string, context: ConditionContext): string | undefined {
  let known = true;
  const filled = text.replace(/\$\{([^}]+)\}/g, (_, name: string) => {
    if (name.length === 1 && '*?$'.includes(name)) return name;
    const [key = '', fallback] = name.split(/\s*,\s*/);
    const values = context.get(key.toLowerCase());
    if (values?.length === 1 && values[0] !== undefined) return values[0];
    if (fallback !== undefined) return fallback.replace(/^'|'$/g, '');
    known = false;
    return '';
  });
  return known ? filled : undefined;
}
