import { invalidRequest } from '../form.ts';
import { isObject, textOf, textsOf, withoutNulls } from '../json.ts';
import type { JsonObject } from '../json.ts';
import { permissionsOf } from '../storage/roles.ts';
import { parseCondition } from './condition.ts';
import type { Circumstances, Condition } from './condition.ts';

/** One rule, as judged: what may be done at most, to one bucket. */
export interface BoundaryRule {
  readonly bucket: string;
  readonly roles: readonly string[];
  readonly expression: string | undefined;
  readonly condition: Condition | undefined;
}

export type Boundary = readonly BoundaryRule[];

const MAX_RULES = 10;
const RESOURCE =
  /^\/\/storage\.googleapis\.com\/projects\/_\/buckets\/([a-z0-9][a-z0-9._-]{1,220}[a-z0-9])$/;

/**
 * Reads `options={"accessBoundary":{"accessBoundaryRules":[…]}}`.
 * https://cloud.google.com/iam/docs/downscoping-short-lived-credentials#components
 */
export function readBoundary(options: string): Boundary {
  const boundary = fieldsOf(parse(options), ['accessBoundary', 'userProject'], 'options')[
    'accessBoundary'
  ];
  if (!isObject(boundary)) throw invalid('accessBoundary is missing');
  const rules = fieldsOf(boundary, ['accessBoundaryRules'], 'accessBoundary')[
    'accessBoundaryRules'
  ];
  if (!Array.isArray(rules) || rules.length === 0 || rules.length > MAX_RULES) {
    throw invalid(`accessBoundaryRules must have 1 to ${MAX_RULES} rules`);
  }
  return rules.map(readRule);
}

/** A boundary limits and never grants: this is asked beside the principal's own permissions. */
export function boundaryAllows(
  boundary: Boundary,
  permission: string,
  bucket: string,
  circumstances: Circumstances,
): boolean {
  return boundary.some(
    (rule) =>
      rule.bucket === bucket &&
      rule.roles.some((role) => permissionsOf(role)?.has(permission) === true) &&
      (rule.condition?.(circumstances) ?? true),
  );
}

function readRule(value: unknown): BoundaryRule {
  if (!isObject(value)) throw invalid('a rule must be an object');
  const names = ['availableResource', 'availablePermissions', 'availabilityCondition'];
  const rule = fieldsOf(value, names, 'accessBoundaryRules');
  const bucket = RESOURCE.exec(textOf(rule, 'availableResource') ?? '')?.[1];
  if (bucket === undefined) {
    throw invalid('availableResource must be //storage.googleapis.com/projects/_/buckets/NAME');
  }
  const permissions = textsOf(rule['availablePermissions']);
  if (permissions === undefined || permissions.length === 0) {
    throw invalid('availablePermissions must name at least one role');
  }
  const condition = readCondition(rule['availabilityCondition']);
  return { bucket, roles: permissions.map(readRole), ...condition };
}

function readRole(permission: string): string {
  const role = permission.startsWith('inRole:') ? permission.slice('inRole:'.length) : undefined;
  if (role === undefined || permissionsOf(role) === undefined) {
    throw invalid(`availablePermissions has an unknown role: ${permission}`);
  }
  return role;
}

function readCondition(value: unknown): Pick<BoundaryRule, 'expression' | 'condition'> {
  if (value === undefined) return { expression: undefined, condition: undefined };
  if (!isObject(value)) throw invalid('availabilityCondition must be an object');
  const fields = fieldsOf(
    value,
    ['expression', 'title', 'description', 'location'],
    'availabilityCondition',
  );
  const expression = textOf(fields, 'expression') ?? '';
  const condition = parseCondition(expression);
  if (condition === undefined) throw invalid('availabilityCondition has a malformed expression');
  return { expression, condition };
}

function parse(options: string): JsonObject {
  try {
    const value: unknown = JSON.parse(options);
    if (isObject(value)) return value;
  } catch {
    // falls through: no JSON is as wrong as the wrong JSON
  }
  throw invalid('it must be a JSON object');
}

function fieldsOf(object: JsonObject, names: readonly string[], place: string): JsonObject {
  const odd = Object.keys(object).find((name) => !names.includes(name));
  if (odd !== undefined) throw invalid(`${place} has an unknown field ${odd}`);
  return withoutNulls(object);
}

function invalid(reason: string): Error {
  return invalidRequest(`Invalid value for "options": ${reason}.`);
}
