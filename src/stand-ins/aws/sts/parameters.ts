import { refusal } from '../refusal.ts';
import type { AwsRequest } from '../request.ts';

/** The form of a query-protocol call, read and bounded. */
export interface Parameters {
  readonly action: string;
  text(name: string): string | undefined;
  /** `PolicyArns.member.1.arn` → list('PolicyArns', 'arn'); `TransitiveTagKeys.member.1` → list(…). */
  list(name: string, field?: string): string[];
  /** For the log: without what proves an identity. */
  readonly shown: Readonly<Record<string, string>>;
}

const HIDDEN = new Set(['WebIdentityToken', 'TokenCode']);

/** Throws `MissingAction`/`InvalidAction` (400) when this is not a call of STS's one API version. */
export function readParameters(request: AwsRequest): Parameters {
  const type = request.headers.get('content-type') ?? '';
  const form = type.startsWith('application/x-www-form-urlencoded') && request.method === 'POST';
  const entries = new Map(
    new URLSearchParams(form ? request.body.toString('utf8') : request.query),
  );
  const action = entries.get('Action');
  if (action === undefined) {
    throw refusal('MissingAction', 400, 'The request must contain the parameter Action');
  }
  if (entries.get('Version') !== '2011-06-15') {
    const version = entries.get('Version') ?? 'NO_VERSION_SPECIFIED';
    throw refusal(
      'InvalidAction',
      400,
      `Could not find operation ${action} for version ${version}`,
    );
  }
  return {
    action,
    text: (name) => entries.get(name),
    list(name, field) {
      const values: string[] = [];
      for (let index = 1; ; index += 1) {
        const suffix = field === undefined ? '' : `.${field}`;
        const value = entries.get(`${name}.member.${index}${suffix}`);
        if (value === undefined) return values;
        values.push(value);
      }
    },
    shown: Object.fromEntries([...entries].filter(([name]) => !HIDDEN.has(name))),
  };
}

interface Limits {
  readonly min: number;
  readonly max: number;
  readonly pattern?: RegExp;
}

const NAME = /^[A-Za-z0-9_+=,.@-]*$/;

/** https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html and its sister pages. */
const TEXT_LIMITS: Readonly<Record<string, Limits>> = {
  RoleArn: { min: 20, max: 2048 },
  RoleSessionName: { min: 2, max: 64, pattern: NAME },
  Name: { min: 2, max: 32, pattern: NAME },
  SourceIdentity: { min: 2, max: 64, pattern: NAME },
  ExternalId: { min: 2, max: 1224, pattern: /^[A-Za-z0-9_+=,.@:/-]*$/ },
  SerialNumber: { min: 9, max: 256, pattern: /^[A-Za-z0-9_+=/:,.@-]*$/ },
  TokenCode: { min: 6, max: 6, pattern: /^[0-9]*$/ },
  WebIdentityToken: { min: 4, max: 20_000 },
  Policy: { min: 1, max: 2048 },
};

const TAG_TEXT = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u;
const KEY_LIMITS: Limits = { min: 1, max: 128, pattern: TAG_TEXT };
const VALUE_LIMITS: Limits = { min: 0, max: 256, pattern: TAG_TEXT };

export interface Demands {
  readonly required: readonly string[];
  /** `DurationSeconds`: least, most. */
  readonly seconds: readonly [number, number];
}

/** Throws one `ValidationError` (400) that lists everything wrong, in AWS's words. */
export function validate(parameters: Parameters, demands: Demands): void {
  const errors: string[] = [];
  for (const name of demands.required) {
    if (parameters.text(name) === undefined)
      errors.push(wrong(null, name, 'Member must not be null'));
  }
  for (const [name, limits] of Object.entries(TEXT_LIMITS)) {
    const value = parameters.text(name);
    if (value !== undefined) errors.push(...check(value, name, limits));
  }
  const seconds = parameters.text('DurationSeconds');
  if (seconds !== undefined) errors.push(...checkSeconds(seconds, demands.seconds));
  const arns = parameters.list('PolicyArns', 'arn');
  const keys = parameters.list('Tags', 'Key');
  if (arns.length > 10) errors.push(tooLong('PolicyArns', 10));
  if (keys.length > 50) errors.push(tooLong('Tags', 50));
  for (const arn of arns) errors.push(...check(arn, 'policyArns.arn', { min: 20, max: 2048 }));
  for (const key of keys) errors.push(...check(key, 'tags.member.key', KEY_LIMITS));
  for (const value of parameters.list('Tags', 'Value')) {
    errors.push(...check(value, 'tags.member.value', VALUE_LIMITS));
  }
  if (errors.length === 0) return;
  const count = errors.length === 1 ? '1 validation error' : `${errors.length} validation errors`;
  throw refusal('ValidationError', 400, `${count} detected: ${errors.join('; ')}`);
}

function check(value: string, name: string, limits: Limits): string[] {
  const errors: string[] = [];
  const length = Array.from(value).length;
  if (length > limits.max) errors.push(tooLong(name, limits.max, value));
  if (length < limits.min) {
    const rule = `Member must have length greater than or equal to ${limits.min}`;
    errors.push(wrong(value, name, rule));
  }
  if (limits.pattern?.test(value) === false) {
    const rule = `Member must satisfy regular expression pattern: ${limits.pattern.source.slice(1, -1)}`;
    errors.push(wrong(value, name, rule));
  }
  return errors;
}

function checkSeconds(text: string, [least, most]: readonly [number, number]): string[] {
  if (!/^-?\d{1,9}$/.test(text)) {
    throw refusal('MalformedInput', 400, 'Start of structure or map found where not expected.');
  }
  const rule = 'Member must have value';
  if (Number(text) < least) {
    return [wrong(text, 'durationSeconds', `${rule} greater than or equal to ${least}`)];
  }
  if (Number(text) > most) {
    return [wrong(text, 'durationSeconds', `${rule} less than or equal to ${most}`)];
  }
  return [];
}

function tooLong(name: string, most: number, value?: string): string {
  const shown = value === undefined || HIDDEN.has(name) ? '***' : value;
  return wrong(shown, name, `Member must have length less than or equal to ${most}`);
}

function wrong(value: string | null, name: string, rule: string): string {
  const where = name.charAt(0).toLowerCase() + name.slice(1);
  const shown = value === null ? 'null' : `'${value}'`;
  return `Value ${shown} at '${where}' failed to satisfy constraint: ${rule}`;
}
