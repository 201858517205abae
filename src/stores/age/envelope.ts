import { Decrypter, Encrypter, type Identity, type Stanza } from 'age-encryption';

import { ValetkeyError } from '../../core/errors.ts';
import type { AgeKey } from './key.ts';
import { isScrypt } from './passphrase.ts';

/** Encrypts as an age v1 file. https://age-encryption.org/v1 */
export async function seal(text: string, { recipients }: AgeKey): Promise<Uint8Array> {
  const encrypter = new Encrypter();
  for (const recipient of recipients) encrypter.addRecipient(recipient);
  return encrypter.encrypt(text);
}

/**
 * Decrypts an age v1 file. A key that does not open it is `STORE_LOCKED`; a file that is not age's,
 * or that was changed after it was written, is `STORE_CORRUPT`.
 */
export async function unseal(file: Uint8Array, key: AgeKey, path: string): Promise<string> {
  const decrypter = new Decrypter();
  for (const identity of key.identities) decrypter.addIdentity(identity);
  decrypter.addIdentity(refusing(key, path));
  try {
    return await decrypter.decrypt(file, 'text');
  } catch (error) {
    if (error instanceof ValetkeyError) throw error;
    throw new ValetkeyError('STORE_CORRUPT', {
      subject: path,
      reason: 'the file is damaged, or is not an age file',
      hint: 'restore it from a backup, or move it away and register the connectors again',
      cause: error,
    });
  }
}

/**
 * The library asks identities in order until one opens the file, so this last one hears that none
 * did: the one sure sign of a wrong key, where errors differ in their text alone.
 */
function refusing(key: AgeKey, path: string): Identity {
  return {
    unwrapFileKey: (stanzas) => {
      throw new ValetkeyError('STORE_LOCKED', { subject: path, ...explain(stanzas, key) });
    },
  };
}

function explain(stanzas: readonly Stanza[], key: AgeKey): { reason: string; hint: string } {
  const sealedWith = stanzas.some(isScrypt) ? 'passphrase' : 'identity';
  if (sealedWith !== key.kind) {
    return {
      reason: `the file is encrypted with ${ARTICLE[sealedWith]}, and the key is ${ARTICLE[key.kind]}`,
      hint: 'set the store’s `keyFile` to the key that the file was made with',
    };
  }
  return key.kind === 'passphrase'
    ? { reason: 'the passphrase is wrong', hint: 'try again with the passphrase it was made with' }
    : {
        reason: 'the file is encrypted to another identity',
        hint: 'set the store’s `keyFile` to the identity that the file was made with',
      };
}

const ARTICLE = { passphrase: 'a passphrase', identity: 'an age identity' } as const;
