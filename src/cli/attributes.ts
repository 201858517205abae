import { ValetkeyError } from '../core/errors.ts';

const KEY = /^[a-z][a-z0-9_]{0,63}$/;

export interface Words {
  /** Words that are no option. */
  readonly operands: readonly string[];
  /** `--key=value` for whatever the program has no flag of its own, key in snake_case. */
  readonly attributes: Readonly<Record<string, string>>;
}

/**
 * Sorts what commander did not recognise: any `--key=value` (or `--key value`) is an attribute of
 * the auth method, as in ZenML. The method's schema decides later whether there is such a thing.
 */
export function parseAttributes(words: readonly string[]): Words {
  const operands: string[] = [];
  const attributes: Record<string, string> = {};
  for (let i = 0; i < words.length; i++) {
    const word = words[i] ?? '';
    if (word === '--') {
      operands.push(...words.slice(i + 1));
      break;
    }
    if (!word.startsWith('-') || word === '-') {
      operands.push(word);
      continue;
    }
    const at = word.indexOf('=');
    const flag = at === -1 ? word : word.slice(0, at);
    const value = at === -1 ? words[++i] : word.slice(at + 1);
    add(attributes, flag, value);
  }
  return { operands, attributes };
}

function add(attributes: Record<string, string>, flag: string, value: string | undefined): void {
  const key = flag.replace(/^--/, '').replaceAll('-', '_');
  if (!flag.startsWith('--') || !KEY.test(key)) refuse(flag, 'there is no such option');
  if (value === undefined || value.startsWith('--')) {
    refuse(flag, 'it needs a value', `write ${flag}=value, or ${flag}=@file for a file’s content`);
  }
  if (Object.hasOwn(attributes, key)) refuse(flag, 'it is given twice');
  attributes[key] = value;
}

function refuse(flag: string, reason: string, hint?: string): never {
  throw new ValetkeyError('USAGE', {
    subject: flag,
    reason,
    ...(hint === undefined ? {} : { hint }),
  });
}

/** An attribute as a person writes it: `--aws-access-key-id`. */
export function flagOf(key: string): string {
  return `--${key.replaceAll('_', '-')}`;
}

/** An attribute's name however it was written: `resource-id` → `resource_id`. */
export function keyOf(text: string): string {
  return text.replace(/^--/, '').replaceAll('-', '_');
}

/** The one operand of `register` and `update`. */
export function connectorName([name, excess]: readonly string[]): string {
  if (name === undefined) {
    throw new ValetkeyError('USAGE', {
      subject: '<connector>',
      reason: 'a connector’s name is needed',
      hint: 'for example: valetkey connector register aws-dev --type aws --auto-configure',
    });
  }
  if (excess !== undefined) {
    // Not quoted: behind a stray space (`--aws-secret-access-key= …`) it is a secret.
    throw new ValetkeyError('USAGE', {
      reason: 'there is a word too many behind the connector’s name',
      hint: 'a value follows its flag as --flag=value, without spaces',
    });
  }
  return name;
}
