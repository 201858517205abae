import { BlockList, isIPv6 } from 'node:net';
import { matchesWildcard } from './wildcard.ts';

/**
 * Condition operators of IAM policies.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
 */
export interface Condition {
  readonly operator: string;
  /** Lower case: condition keys are compared without case. */
  readonly key: string;
  readonly values: readonly string[];
}
export type Conditions = readonly Condition[];

/** What is known about a request: lower-case key → its values. An absent key is not an empty one. */
export type ConditionContext = ReadonlyMap<string, readonly string[]>;

type Test = (actual: string, wanted: string) => boolean;

const numbers =
  (test: (a: number, b: number) => boolean): Test =>
  (a, b) =>
    test(Number(a), Number(b));
const dates =
  (test: (a: number, b: number) => boolean): Test =>
  (a, b) =>
    test(epoch(a), epoch(b));

const POSITIVE: Readonly<Record<string, Test>> = {
  StringEquals: (a, b) => a === b,
  StringEqualsIgnoreCase: (a, b) => a.toLowerCase() === b.toLowerCase(),
  StringLike: (a, b) => matchesWildcard(b, a),
  ArnEquals: matchesArn,
  ArnLike: matchesArn,
  Bool: (a, b) => a.toLowerCase() === b.toLowerCase(),
  NumericEquals: numbers((a, b) => a === b),
  NumericLessThan: numbers((a, b) => a < b),
  NumericLessThanEquals: numbers((a, b) => a <= b),
  NumericGreaterThan: numbers((a, b) => a > b),
  NumericGreaterThanEquals: numbers((a, b) => a >= b),
  DateEquals: dates((a, b) => a === b),
  DateLessThan: dates((a, b) => a < b),
  DateLessThanEquals: dates((a, b) => a <= b),
  DateGreaterThan: dates((a, b) => a > b),
  DateGreaterThanEquals: dates((a, b) => a >= b),
  IpAddress: inNetwork,
};

/** Each is the opposite of its positive, and true when the key is absent. */
const NEGATIVE: Readonly<Record<string, Test>> = {
  StringNotEquals: (a, b) => a === b,
  StringNotEqualsIgnoreCase: (a, b) => a.toLowerCase() === b.toLowerCase(),
  StringNotLike: (a, b) => matchesWildcard(b, a),
  ArnNotEquals: matchesArn,
  ArnNotLike: matchesArn,
  NumericNotEquals: numbers((a, b) => a === b),
  DateNotEquals: dates((a, b) => a === b),
  NotIpAddress: inNetwork,
};

interface Operator {
  readonly name: string;
  /** `ForAllValues` or `ForAnyValue`. */
  readonly quantifier: string | undefined;
  readonly ifExists: boolean;
}

function parseOperator(text: string): Operator {
  const found = /^(?:(ForAllValues|ForAnyValue):)?(.+?)(IfExists)?$/.exec(text);
  return { name: found?.[2] ?? text, quantifier: found?.[1], ifExists: found?.[3] !== undefined };
}

export function isOperator(text: string): boolean {
  const { name } = parseOperator(text);
  return name === 'Null' || name in POSITIVE || name in NEGATIVE;
}

/** All conditions must hold; the values of one condition are alternatives. */
export function conditionsHold(conditions: Conditions, context: ConditionContext): boolean {
  return conditions.every((condition) => holds(condition, context));
}

function holds(condition: Condition, context: ConditionContext): boolean {
  const { name, quantifier, ifExists } = parseOperator(condition.operator);
  const actual = context.get(condition.key);
  if (name === 'Null') return condition.values.includes(String(actual === undefined));
  if (actual === undefined && ifExists) return true;
  const negative = NEGATIVE[name];
  const test = POSITIVE[name] ?? negative;
  if (test === undefined) return false;
  const fits = (value: string): boolean =>
    condition.values.some((wanted) => test(value, wanted)) === (negative === undefined);
  if (quantifier === 'ForAllValues') return (actual ?? []).every(fits);
  if (quantifier === 'ForAnyValue') return (actual ?? []).some(fits);
  if (actual === undefined) return negative !== undefined;
  return negative === undefined ? actual.some(fits) : actual.every(fits);
}

/** The six fields of an ARN are compared one by one: a `*` never reaches over a colon of the first five. */
function matchesArn(actual: string, wanted: string): boolean {
  const [a, b] = [splitArn(actual), splitArn(wanted)];
  return b.every((pattern, index) => matchesWildcard(pattern, a[index] ?? ''));
}

function splitArn(arn: string): string[] {
  const fields = arn.split(':');
  return [...fields.slice(0, 5), fields.slice(5).join(':')];
}

function inNetwork(actual: string, network: string): boolean {
  const [address = '', bits] = network.split('/');
  const family = isIPv6(address) ? 'ipv6' : 'ipv4';
  const list = new BlockList();
  list.addSubnet(address, Number(bits ?? (family === 'ipv6' ? 128 : 32)), family);
  return list.check(actual, isIPv6(actual) ? 'ipv6' : 'ipv4');
}

/** ISO 8601 or seconds since the epoch; both are allowed in a date condition. */
function epoch(text: string): number {
  return /^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text);
}
