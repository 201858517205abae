import { deflateRawSync } from 'node:zlib';
import type { Accounts } from '../accounts.ts';
import { parsePolicy } from '../policy-document.ts';
import type { Policy } from '../policy-document.ts';
import type { Tags } from '../principals.ts';
import { refusal } from '../refusal.ts';
import type { Parameters } from './parameters.ts';

/** Characters of inline policy and managed policy ARNs together. API_AssumeRole, "Policy". */
const MAX_PLAIN_CHARACTERS = 2048;
/** AWS publishes no figure for the packed limit; this one lets 2048 ordinary characters through. */
const MAX_PACKED_BYTES = 1024;

/** How a new session is narrowed and labelled. */
export interface SessionScope {
  /** Undefined = none was given. */
  readonly policies: readonly Policy[] | undefined;
  readonly tags: Tags;
  readonly transitiveTagKeys: readonly string[];
  /** Percent; undefined when there was nothing to pack. */
  readonly packedSize: number | undefined;
}

/** Throws MalformedPolicyDocument, PackedPolicyTooLarge, InvalidParameterValue, ValidationError (400). */
export function readSessionScope(
  parameters: Parameters,
  accounts: Accounts,
  account: string,
): SessionScope {
  const inline = parameters.text('Policy');
  const arns = parameters.list('PolicyArns', 'arn');
  const tags = readTags(parameters);
  const transitiveTagKeys = parameters.list('TransitiveTagKeys');
  if (!transitiveTagKeys.every((key) => tags.has(key))) {
    const text = 'The specified transitive tag key must be included in the requested tags.';
    throw refusal('InvalidParameterValue', 400, text);
  }
  const policies = arns.map((arn) => findManaged(arn, accounts, account));
  if (inline !== undefined) policies.push(parsePolicy(inline, 'identity'));
  const plain = (inline ?? '').length + arns.join('').length;
  const packedSize = packedPercent(inline, arns, tags);
  if (plain > MAX_PLAIN_CHARACTERS) throw tooLarge(Math.ceil((100 * plain) / MAX_PLAIN_CHARACTERS));
  if (packedSize !== undefined && packedSize > 100) throw tooLarge(packedSize);
  return {
    policies: policies.length === 0 ? undefined : policies,
    tags,
    transitiveTagKeys,
    packedSize,
  };
}

function readTags(parameters: Parameters): Map<string, string> {
  const keys = parameters.list('Tags', 'Key');
  const values = parameters.list('Tags', 'Value');
  if (new Set(keys.map((key) => key.toLowerCase())).size < keys.length) {
    const text = 'Duplicate tag keys found. Please note that Tag keys are case insensitive.';
    throw refusal('InvalidParameterValue', 400, text);
  }
  return new Map(keys.map((key, index) => [key, values[index] ?? '']));
}

function findManaged(arn: string, accounts: Accounts, account: string): Policy {
  const owner = arn.split(':')[4];
  if (owner !== 'aws' && owner !== account) {
    throw refusal('ValidationError', 400, `Policy ARN ${arn} is not in the account of the role`);
  }
  const policy = accounts.findManagedPolicy(arn);
  if (policy === undefined) throw refusal('ValidationError', 400, `Policy ${arn} does not exist`);
  return policy;
}

function packedPercent(
  inline: string | undefined,
  arns: readonly string[],
  tags: Tags,
): number | undefined {
  if (inline === undefined && arns.length === 0 && tags.size === 0) return undefined;
  const document: unknown = inline === undefined ? null : JSON.parse(inline);
  const packed = deflateRawSync(JSON.stringify([document, arns, [...tags]]));
  return Math.max(1, Math.ceil((100 * packed.length) / MAX_PACKED_BYTES));
}

function tooLarge(percent: number): Error {
  const text = `Packed policy consumes ${percent}% of allotted space, please use smaller policy.`;
  return refusal('PackedPolicyTooLarge', 400, text);
}
