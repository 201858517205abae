import { createHash } from 'node:crypto';

import { identityToRecipient, type Identity, type Recipient } from 'age-encryption';

import { ValetkeyError } from '../../core/errors.ts';
import { secret, type Secret } from '../../core/secret.ts';
import { readPrivateFile } from '../../files/private-file.ts';
import type { StoreOptions } from '../contract.ts';
import { passphraseIdentity, passphraseRecipient } from './passphrase.ts';

/** What opens and seals one age file. */
export interface AgeKey {
  readonly kind: 'passphrase' | 'identity';
  readonly identities: readonly (string | Identity)[];
  readonly recipients: readonly (string | Recipient)[];
  /** Tells this key from another, in memory only. */
  readonly fingerprint: string;
}

export interface KeySource {
  /** Reads the key file, or asks a person once. */
  key(): Promise<AgeKey>;
  /** The passphrase was wrong: ask again next time. */
  forget(): void;
}

export function createKeySource({
  keyFile,
  askPassphrase,
}: Pick<StoreOptions, 'keyFile' | 'askPassphrase'>): KeySource {
  if (keyFile !== undefined) return { key: () => readKeyFile(keyFile), forget: () => {} };
  if (askPassphrase === undefined) {
    throw new ValetkeyError('CONFIG_INVALID', {
      reason: 'the store `encrypted-file` has no key, and nobody can be asked for a passphrase',
      hint: 'make one with: age-keygen -o <file>; then name it in VALETKEY_PASSPHRASE_FILE or store.key_file',
    });
  }
  let asked: Promise<AgeKey> | undefined;
  const ask = async () => fromPassphrase(await askPassphrase());
  return {
    key: () => {
      const answer = (asked ??= ask());
      answer.catch(() => {
        if (asked === answer) asked = undefined;
      });
      return answer;
    },
    forget: () => {
      asked = undefined;
    },
  };
}

async function readKeyFile(path: string): Promise<AgeKey> {
  const text = await readKeyText(path);
  const lines = text.split(/\r?\n/).map((line) => line.trim());
  const identities = lines.filter((line) => line.startsWith('AGE-'));
  if (identities.length > 0) return fromIdentities(identities, path);
  const passphrase = text.replace(/\r?\n$/, '');
  if (/[\r\n]/.test(passphrase)) {
    throw new ValetkeyError('CONFIG_INVALID', {
      subject: path,
      reason: 'the key file is neither an age identity nor one line with a passphrase',
      hint: 'make an identity with: age-keygen -o <file>',
    });
  }
  return fromPassphrase(secret(passphrase));
}

async function readKeyText(path: string): Promise<string> {
  try {
    return await readPrivateFile(path);
  } catch (error) {
    if (error instanceof ValetkeyError) throw error;
    throw new ValetkeyError('STORE_UNREACHABLE', {
      subject: path,
      reason: 'the key file cannot be read',
      hint: 'put the key file back: without it nobody can open the store',
      cause: error,
    });
  }
}

async function fromIdentities(identities: readonly string[], path: string): Promise<AgeKey> {
  try {
    const recipients = await Promise.all(identities.map((one) => identityToRecipient(one)));
    return { kind: 'identity', identities, recipients, fingerprint: digest(identities.join('\n')) };
  } catch {
    // The library's error is dropped, for it may quote the key.
    throw new ValetkeyError('CONFIG_INVALID', {
      subject: path,
      reason: 'the key file holds an age identity that cannot be used',
      hint: 'only native identities work here (AGE-SECRET-KEY-1…, AGE-SECRET-KEY-PQ-1…)',
    });
  }
}

function fromPassphrase(passphrase: Secret): AgeKey {
  const text = passphrase.reveal();
  if (text === '') {
    throw new ValetkeyError('STORE_LOCKED', {
      reason: 'the passphrase is empty',
      hint: 'give the passphrase that the store was made with',
    });
  }
  return {
    kind: 'passphrase',
    identities: [passphraseIdentity(text)],
    recipients: [passphraseRecipient(text)],
    fingerprint: digest(text),
  };
}

const digest = (text: string): string => createHash('sha256').update(text).digest('base64');
