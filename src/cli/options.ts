import { type Command, Option } from 'commander';

import { ValetkeyError } from '../core/errors.ts';

/** Flags of ZenML that would show what is never shown. */
export interface SelectionOptions {
  readonly resourceType?: string;
  readonly resourceId?: string;
}

export interface SettingsOptions {
  readonly description?: string;
  readonly label?: readonly string[];
  readonly expiresAt?: string;
  readonly expirationSeconds?: number;
  readonly allowUnscoped?: true;
  readonly verify: boolean;
}

/** An option that may be given once; a second one is refused rather than silently winning. */
export function single(flags: string, description: string): Option {
  return new Option(flags, description).argParser<string>((value, previous) => {
    if (previous === undefined) return value;
    throw new ValetkeyError('USAGE', {
      subject: longFlag(flags),
      reason: `it may be given once, and was given as “${previous}” and “${value}”`,
    });
  });
}

/** An option that may be given any number of times. */
export function repeatable(flags: string, description: string): Option {
  return new Option(flags, description).argParser<string[]>((value, previous) => [
    ...(previous ?? []),
    value,
  ]);
}

export function seconds(flags: string, description: string): Option {
  return new Option(flags, description).argParser<number>((value) => {
    if (/^\d{1,9}$/.test(value)) return Number(value);
    throw new ValetkeyError('INPUT_INVALID', {
      subject: longFlag(flags),
      reason: `“${value}” is not a whole number of seconds`,
    });
  });
}

/** `--resource-type` and `--resource-id` (ZenML's `-ri` is understood too). */
export function addSelectionOptions(command: Command): Command {
  return command
    .addOption(single('-r, --resource-type <resource-type>', 'what the credential is for'))
    .addOption(
      single('--resource-id <resource-id>', 'which one of them, in any of its forms (also -ri)'),
    );
}

export function selection(options: SelectionOptions) {
  return { resource_type: options.resourceType, resource_id: options.resourceId };
}

/** What both `register` and `update` may set. */
export function addSettingsOptions(command: Command): Command {
  return command
    .addOption(single('--description <text>', 'a note for people'))
    .addOption(repeatable('-l, --label <key=value>', 'a label; may be given several times'))
    .addOption(single('--expires-at <date>', 'when the stored credential itself expires (UTC)'))
    .addOption(seconds('--expiration-seconds <seconds>', 'lifetime of what is issued'))
    .option('--allow-unscoped', 'accept that this method cannot narrow its credentials')
    .option('--no-verify', 'save without trying it');
}

export function settings(options: SettingsOptions) {
  return {
    description: options.description,
    expires_at: options.expiresAt,
    expiration_seconds: options.expirationSeconds,
    allow_unscoped: options.allowUnscoped,
    verify: options.verify,
  };
}

/** `k=v` pairs to set, and bare keys. */
export function parseLabels(texts: readonly string[] = []): {
  set: Record<string, string>;
  bare: string[];
} {
  const set: Record<string, string> = {};
  const bare: string[] = [];
  for (const text of texts) {
    const at = text.indexOf('=');
    const key = at === -1 ? text : text.slice(0, at);
    if (key === '') {
      throw new ValetkeyError('INPUT_INVALID', {
        subject: '--label',
        reason: `“${text}” has no key`,
        hint: 'write --label key=value',
      });
    }
    if (at === -1) bare.push(key);
    else set[key] = text.slice(at + 1);
  }
  return { set, bare };
}

/** ZenML's `--show-secrets`: taken in order to say why it does nothing here. */
export function addShowSecretsOption(command: Command): Command {
  return command.addOption(
    new Option('-x, --show-secrets', 'refused: stored secrets are never shown').argParser(() => {
      throw new ValetkeyError('USAGE', {
        subject: '--show-secrets',
        reason: 'a stored secret never leaves valetkey, not even for its owner',
        hint: 'read it where it came from, or give the connector a new one with `valetkey connector update`',
      });
    }),
  );
}

function longFlag(flags: string): string {
  return /--[a-z-]+/.exec(flags)?.[0] ?? flags;
}
