import { invalid } from './arn.ts';

/*
 * The session policy that a person wrote. Checked so far that it can be joined with ours and that an
 * obvious slip is told at registration; the rest is for STS to judge.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
 */

export type Statement = Readonly<Record<string, unknown>>;

export interface UserPolicy {
  readonly Version: string;
  readonly Statement: readonly Statement[];
}

const SUBJECT = 'policy';

/** Throws `INPUT_INVALID`. Takes the JSON text or what YAML made of it. */
export function parseUserPolicy(source: unknown): UserPolicy {
  const document = typeof source === 'string' ? parseJson(source) : source;
  if (!isRecord(document)) throw invalid(SUBJECT, 'a policy is a JSON object');
  const { Version, Statement } = document;
  // Other versions take policy variables literally; ours are written for this one and share the document.
  if (Version !== '2012-10-17') {
    throw invalid(
      SUBJECT,
      'the policy has no "Version": "2012-10-17"',
      'add it as its first entry',
    );
  }
  const statements: unknown[] = Array.isArray(Statement) ? Statement : [Statement];
  if (statements.length === 0) throw invalid(SUBJECT, 'the policy has no Statement');
  return { Version, Statement: statements.map(parseStatement) };
}

/** As text without spaces: each character counts against the limit, and some services mistake `+`. */
export function compactPolicy(policy: UserPolicy): string {
  return compactJson({ Version: policy.Version, Statement: policy.Statement });
}

/** JSON in plain ASCII: STS takes no character above U+00FF, and a bucket's prefix may hold any. */
export function compactJson(value: unknown): string {
  return JSON.stringify(value).replace(
    /[^\u0020-\u007e]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

function parseStatement(statement: unknown): Statement {
  if (!isRecord(statement)) throw invalid(SUBJECT, 'a Statement is a JSON object');
  const { Effect } = statement;
  if (Effect !== 'Allow' && Effect !== 'Deny') {
    throw invalid(SUBJECT, 'each Statement has an Effect, Allow or Deny');
  }
  if ('Principal' in statement || 'NotPrincipal' in statement) {
    throw invalid(SUBJECT, 'a session policy names no Principal');
  }
  for (const field of ['Action', 'Resource']) {
    if (field in statement === `Not${field}` in statement) {
      throw invalid(SUBJECT, `each Statement has either ${field} or Not${field}`);
    }
  }
  return statement;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw invalid(SUBJECT, 'this is not valid JSON');
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
