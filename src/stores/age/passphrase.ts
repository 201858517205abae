import { createCipheriv, createDecipheriv, randomBytes, scrypt } from 'node:crypto';

import { Stanza, type Identity, type Recipient } from 'age-encryption';

/**
 * age's passphrase stanza on Node's scrypt. The library's own runs on the event loop, where it would
 * stop every other answer of the daemon for a second; this one runs on a thread and is faster. Its
 * `Recipient` and `Identity` interfaces are made for such replacements.
 * https://github.com/C2SP/C2SP/blob/main/age.md#the-scrypt-recipient-type
 */
const LABEL = 'age-encryption.org/v1/scrypt';
const SALT_BYTES = 16;
const TAG_BYTES = 16;
const BODY_BYTES = 32; // a 16-byte file key and its tag
const CIPHER = 'chacha20-poly1305';
/** The file key is wrapped once per salt, so the specification fixes the nonce at zero. */
const NONCE = Buffer.alloc(12);

/**
 * log2 of scrypt's N for files we write: OWASP's first choice for scrypt (N=2^17, r=8, p=1; 128 MiB
 * and about a third of a second). age's own 18 doubles both and would not fit a small machine.
 * https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html#scrypt
 */
const WORK_FACTOR = 17;
/** What we read at most: 1 GiB; a file that asks for more was not made by age with its defaults. */
const MAX_WORK_FACTOR = 20;
const R = 8;
/** OpenSSL counts its working buffers in, too. */
const SPARE_BYTES = 1_048_576;

export function passphraseRecipient(passphrase: string): Recipient {
  return {
    wrapFileKey: async (fileKey) => {
      const salt = randomBytes(SALT_BYTES);
      const key = await derive(passphrase, salt, WORK_FACTOR);
      const cipher = createCipheriv(CIPHER, key, NONCE, { authTagLength: TAG_BYTES });
      const body = Buffer.concat([cipher.update(fileKey), cipher.final(), cipher.getAuthTag()]);
      return [new Stanza(['scrypt', unpadded(salt), String(WORK_FACTOR)], new Uint8Array(body))];
    },
  };
}

/** `null` for another kind of file and for a wrong passphrase; throws on a malformed stanza. */
export function passphraseIdentity(passphrase: string): Identity {
  return {
    unwrapFileKey: async (stanzas) => {
      const stanza = stanzas.find(isScrypt);
      if (stanza === undefined) return null;
      const [, salt = '', workFactor = ''] = stanza.args;
      const saltBytes = Buffer.from(salt, 'base64');
      if (
        stanzas.length !== 1 || // else somebody else could write files this passphrase opens
        stanza.args.length !== 3 ||
        saltBytes.length !== SALT_BYTES ||
        unpadded(saltBytes) !== salt ||
        !/^[1-9][0-9]?$/.test(workFactor) ||
        Number(workFactor) > MAX_WORK_FACTOR ||
        stanza.body.length !== BODY_BYTES
      ) {
        throw new Error('malformed scrypt stanza');
      }
      const key = await derive(passphrase, saltBytes, Number(workFactor));
      return openBody(stanza.body, key);
    },
  };
}

export const isScrypt = (stanza: Stanza): boolean => stanza.args[0] === 'scrypt';

function openBody(body: Uint8Array, key: Buffer): Uint8Array | null {
  const decipher = createDecipheriv(CIPHER, key, NONCE, { authTagLength: TAG_BYTES });
  decipher.setAuthTag(body.subarray(-TAG_BYTES));
  const fileKey = decipher.update(body.subarray(0, -TAG_BYTES));
  try {
    decipher.final();
  } catch {
    return null;
  }
  return new Uint8Array(fileKey);
}

function derive(passphrase: string, salt: Buffer, workFactor: number): Promise<Buffer> {
  const N = 2 ** workFactor;
  return new Promise((resolve, reject) => {
    scrypt(
      passphrase,
      Buffer.concat([Buffer.from(LABEL), salt]),
      32,
      { N, r: R, p: 1, maxmem: 128 * R * N + SPARE_BYTES },
      (error, key) => (error === null ? resolve(key) : reject(error)),
    );
  });
}

const unpadded = (bytes: Buffer): string => bytes.toString('base64').replace(/=+$/, '');
