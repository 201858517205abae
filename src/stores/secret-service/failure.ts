import { ValetkeyError, type ErrorCode } from '../../core/errors.ts';

interface Failure {
  readonly code: ErrorCode;
  readonly reason: string;
  readonly hint: string;
}

const LOCKED: Failure = {
  code: 'STORE_LOCKED',
  reason: 'the keychain is locked',
  hint: 'unlock it (log in on the desktop, or open its password manager), then try again',
};

const NO_DEFAULT: Failure = {
  code: 'STORE_UNREACHABLE',
  reason: 'there is no default keyring to keep items in',
  hint: 'log in once on the desktop, or make a keyring with its password manager and set it as default',
};

const AMBIGUOUS: Failure = {
  code: 'STORE_CORRUPT',
  reason: 'the keychain has several items of this name',
  hint: 'look at them with: secret-tool search --all service <service> username <name>; remove the wrong one',
};

const NOT_OURS: Failure = {
  code: 'STORE_CORRUPT',
  reason: 'the item is not one that valetkey wrote',
  hint: 'look at it in the desktop’s password manager; remove it, then register the connector again',
};

const TOO_LONG: Failure = {
  code: 'STORE_WRITE_FAILED',
  reason: 'the secret is longer than this system’s keychain takes',
  hint: 'keep it in the store `encrypted-file`',
};

/** What an operation means when the addon says nothing that we know. */
const UNKNOWN = {
  read: {
    code: 'STORE_UNREACHABLE',
    reason: 'the keychain does not answer',
    hint:
      process.platform === 'linux'
        ? 'a Secret Service (gnome-keyring, KWallet, KeePassXC) must run in this login session and DBUS_SESSION_BUS_ADDRESS must name its bus; without a desktop use the store `encrypted-file`'
        : 'use the store `encrypted-file` where there is no login session',
  },
  write: {
    code: 'STORE_WRITE_FAILED',
    reason: 'the keychain refused the item',
    hint: 'look into the log for the keychain’s own words',
  },
} as const satisfies Record<string, Failure>;

export type Operation = keyof typeof UNKNOWN;

/**
 * The addon's errors carry one code for everything (`GenericFailure`), so here, and only here, their
 * text is read: names that the Secret Service specification fixes, and words fixed in the addon's
 * Rust sources (keyring-core `Error`, dbus-secret-service `Error`). Tried in this order; a text that
 * changes falls to `UNKNOWN`, which is never "absent" and never another store. The interop tests
 * provoke each on a real keyring, so a new addon with new words fails there.
 * https://specifications.freedesktop.org/secret-service/latest/errors.html
 */
const KNOWN: readonly (readonly [RegExp, Failure])[] = [
  [/org\.freedesktop\.Secret\.Error\.IsLocked/, LOCKED],
  [/unlock prompt was dismissed/, LOCKED],
  [/Secret Service: no result found/, NO_DEFAULT],
  [/^Entry is matched by \d+ credentials/, AMBIGUOUS],
  [/^Password data is not valid UTF-8/, NOT_OURS],
  [/is longer than the platform limit/, TOO_LONG],
  // keyring-core NoStorageAccess, which on macOS is a locked keychain or one that may not prompt.
  [/^Couldn't access platform storage/, LOCKED],
];

/** The bus or the service behind it is gone, whatever was asked of it. */
const GONE = /D-?Bus|zbus/i;

export function keychainFailure(error: unknown, operation: Operation): ValetkeyError {
  if (error instanceof ValetkeyError) return error;
  const text = error instanceof Error ? error.message : '';
  const known = KNOWN.find(([words]) => words.test(text))?.[1];
  const failure = known ?? (GONE.test(text) ? UNKNOWN.read : UNKNOWN[operation]);
  return new ValetkeyError(failure.code, { ...failure, cause: error });
}

/** The item's content is not our JSON; what it says is never quoted. */
export function notOurs(subject: string): ValetkeyError {
  return new ValetkeyError(NOT_OURS.code, { ...NOT_OURS, subject });
}

/** The platform's binary is not there. */
export function addonMissing(cause: unknown): ValetkeyError {
  return new ValetkeyError('STORE_UNREACHABLE', {
    reason: 'the keychain addon does not load on this system',
    hint: 'install again with optional dependencies, or use the store `encrypted-file`',
    cause,
  });
}

export function promptUnanswered(seconds: number): ValetkeyError {
  return new ValetkeyError('STORE_LOCKED', {
    reason: `it did not answer within ${seconds} s, as if waiting for a person`,
    hint: 'answer the unlock prompt on the desktop, then try again',
  });
}
