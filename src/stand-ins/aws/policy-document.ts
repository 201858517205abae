import { isOperator } from './conditions.ts';
import type { Conditions } from './conditions.ts';
import { refusal } from './refusal.ts';

/** A parsed policy, every one-or-many field a list. */
export interface Policy {
  readonly statements: readonly Statement[];
  /** Version 2012-10-17 alone knows `${…}` variables; older documents take them literally. */
  readonly variables: boolean;
}

export interface Statement {
  readonly effect: 'Allow' | 'Deny';
  readonly actions: readonly string[];
  readonly notActions: boolean;
  readonly resources: readonly string[];
  readonly notResources: boolean;
  /** `*`, `AWS:…`, `Federated:…`, `Service:…`; account ids are written as their root ARN. */
  readonly principals: readonly string[];
  readonly conditions: Conditions;
}

export type PolicySource = string | object;
/** A trust policy names principals and no resource; an identity or session policy the reverse. */
export type PolicyPurpose = 'identity' | 'trust';

/** Code points STS takes in a policy. https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html */
const ALLOWED_TEXT = /^[\t\n\r\u0020-\u00ff]+$/;

/** Throws `MalformedPolicyDocument` (400), as STS and IAM do. */
export function parsePolicy(source: PolicySource, purpose: PolicyPurpose): Policy {
  const text = typeof source === 'string' ? source : JSON.stringify(source);
  if (!ALLOWED_TEXT.test(text)) throw malformed('The policy contains invalid characters.');
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch {
    throw malformed('The policy is not in the valid JSON format.');
  }
  const { Version, Id, Statement: raw, ...unknown } = record(document);
  if (Object.keys(unknown).length > 0) throw malformed('Syntax errors in policy.');
  if (Id !== undefined && typeof Id !== 'string') throw malformed('Syntax errors in policy.');
  if (Version !== undefined && Version !== '2012-10-17' && Version !== '2008-10-17') {
    throw malformed('The policy must contain a valid version string');
  }
  const list = Array.isArray(raw) ? raw : [raw];
  if (list.length === 0) throw malformed('Syntax errors in policy.');
  const statements = list.map((item) => parseStatement(record(item), purpose));
  const sids = list.map((item) => record(item)['Sid']).filter((sid) => sid !== undefined);
  if (new Set(sids).size < sids.length) {
    throw malformed('Statement IDs (SID) in a single policy must be unique.');
  }
  return { statements, variables: Version === '2012-10-17' };
}

const FIELDS = new Set(
  'Sid Effect Action NotAction Resource NotResource Principal NotPrincipal Condition'.split(' '),
);

function parseStatement(raw: Record<string, unknown>, purpose: PolicyPurpose): Statement {
  for (const name of Object.keys(raw))
    if (!FIELDS.has(name)) throw malformed('Syntax errors in policy.');
  const effect = raw['Effect'];
  if (effect !== 'Allow' && effect !== 'Deny') throw malformed('Syntax errors in policy.');
  const sid = raw['Sid'];
  if (sid !== undefined && (typeof sid !== 'string' || !/^[A-Za-z0-9 ]*$/.test(sid))) {
    throw malformed('Statement IDs (SID) must be alpha-numeric.');
  }
  if ('NotPrincipal' in raw) throw malformed('NotPrincipal is not supported here.');
  const trust = purpose === 'trust';
  if (trust && ('Resource' in raw || 'NotResource' in raw)) {
    throw malformed('Has prohibited field Resource');
  }
  if (trust !== 'Principal' in raw) {
    throw malformed(
      trust
        ? 'Missing required field Principal'
        : 'Policy document should not specify a principal.',
    );
  }
  const [actions, notActions] = either(raw, 'Action');
  if (!actions.every((action) => /^(\*|[a-z0-9-]+:[A-Za-z0-9*?]+)$/i.test(action))) {
    throw malformed('Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.');
  }
  const [resources, notResources] = trust ? [['*'], false] : either(raw, 'Resource');
  if (
    !resources.every(
      (resource) => resource === '*' || /^arn:[^:]*:[^:]+:[^:]*:[^:]*:.+$/.test(resource),
    )
  ) {
    throw malformed('Resource must be in ARN format or "*".');
  }
  return {
    effect,
    actions,
    notActions,
    resources,
    notResources,
    principals: trust ? parsePrincipals(raw['Principal']) : [],
    conditions: parseConditions(raw['Condition']),
  };
}

/** `Action` or `NotAction`, `Resource` or `NotResource`: exactly one of the two. */
function either(raw: Record<string, unknown>, name: string): [readonly string[], boolean] {
  const inverse = `Not${name}`;
  if (name in raw === inverse in raw)
    throw malformed(`Policy statement must contain ${name.toLowerCase()}s.`);
  return name in raw ? [strings(raw[name]), false] : [strings(raw[inverse]), true];
}

function parsePrincipals(raw: unknown): string[] {
  if (raw === '*') return ['*'];
  return Object.entries(record(raw)).flatMap(([kind, value]) => {
    if (!['AWS', 'Federated', 'Service'].includes(kind))
      throw malformed('Invalid principal in policy');
    return strings(value).map((name) => {
      if (kind === 'AWS' && name === '*') return '*';
      if (kind === 'AWS' && /^\d{12}$/.test(name)) return `AWS:arn:aws:iam::${name}:root`;
      if (kind === 'AWS' && !name.startsWith('arn:'))
        throw malformed('Invalid principal in policy');
      return `${kind}:${name}`;
    });
  });
}

function parseConditions(raw: unknown): Conditions {
  if (raw === undefined) return [];
  return Object.entries(record(raw)).flatMap(([operator, keys]) => {
    if (!isOperator(operator)) throw malformed(`Invalid Condition type : ${operator}.`);
    return Object.entries(record(keys)).map(([key, value]) => {
      const values = Array.isArray(value) ? value : [value];
      return { operator, key: key.toLowerCase(), values: values.map(String) };
    });
  });
}

function strings(value: unknown): string[] {
  const list: unknown[] = Array.isArray(value) ? value : [value];
  return list.map((item) => {
    if (typeof item !== 'string' || item === '') throw malformed('Syntax errors in policy.');
    return item;
  });
}

function record(value: unknown): Record<string, unknown> {
  if (!isRecord(value)) throw malformed('Syntax errors in policy.');
  return value;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function malformed(message: string): Error {
  return refusal('MalformedPolicyDocument', 400, message);
}
