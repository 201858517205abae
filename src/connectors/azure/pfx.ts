import { createPrivateKey, type KeyObject } from 'node:crypto';

import { ValetkeyError } from '../../core/errors.ts';
import type { Secret } from '../../core/secret.ts';
import { DER, derContent, derOid, derValues, derWithin, type DerValue } from './der.ts';
import { costOfKey, derivationBudget, type Spend, TooCostly } from './derivation-cost.ts';
import { decryptContent, UnknownCipher } from './pfx-decrypt.ts';

/*
 * PFX files (PKCS #12): Node.js hands them to TLS and to nobody else. https://www.rfc-editor.org/rfc/rfc7292
 */

const DATA = '1.2.840.113549.1.7.1';
const ENCRYPTED_DATA = '1.2.840.113549.1.7.6';
const KEY_BAG = '1.2.840.113549.1.12.10.1.1';
const SHROUDED_KEY_BAG = '1.2.840.113549.1.12.10.1.2';
const CERTIFICATE_BAG = '1.2.840.113549.1.12.10.1.3';

/** Key and certificates (DER) of a file. Throws `INPUT_INVALID` naming the field, never quoting the file. */
export function readPfx(
  file: Buffer,
  password: Secret | undefined,
): { readonly key: KeyObject; readonly certificates: readonly Buffer[] } {
  const text = password?.reveal() ?? '';
  const spend = derivationBudget();
  const bags = wrapped(password, () => {
    const [, authSafe] = derWithin(derValues(file)[0]);
    const [type, content] = derWithin(authSafe);
    if (derOid(type) !== DATA) throw new RangeError('it is signed, not sealed by a password');
    const safe = derValues(octets(content));
    return derWithin(safe[0]).flatMap((part) => bagsOf(part, text, spend));
  });
  const key = bags.find(({ id }) => id === KEY_BAG || id === SHROUDED_KEY_BAG);
  if (key === undefined) {
    throw new ValetkeyError('INPUT_INVALID', {
      subject: 'client_certificate',
      reason: 'it holds no private key',
    });
  }
  return wrapped(password, () => {
    if (key.id === SHROUDED_KEY_BAG) spend(costOfKey(key.value));
    return {
      key: createPrivateKey({
        key: key.value,
        format: 'der',
        type: 'pkcs8',
        ...(key.id === KEY_BAG ? {} : { passphrase: text }),
      }),
      certificates: bags
        .filter(({ id }) => id === CERTIFICATE_BAG)
        .map(({ value }) => inBag(value)),
    };
  });
}

interface Bag {
  readonly id: string;
  readonly value: Buffer;
}

function bagsOf(contentInfo: DerValue, password: string, spend: Spend): readonly Bag[] {
  const [type, content] = derWithin(contentInfo);
  const kind = derOid(type);
  if (kind !== DATA && kind !== ENCRYPTED_DATA) throw new RangeError('it is sealed by a key');
  const contents = kind === DATA ? octets(content) : unsealed(content, password, spend);
  return derWithin(derValues(contents)[0]).map((bag) => {
    const [id, value] = derWithin(bag);
    return { id: derOid(id), value: derContent(value, DER.context0) };
  });
}

/** `[0] EXPLICIT OCTET STRING` */
function octets(value: DerValue | undefined): Buffer {
  return derContent(derWithin(value, DER.context0)[0], DER.octets);
}

function unsealed(content: DerValue | undefined, password: string, spend: Spend): Buffer {
  const [, info] = derWithin(derWithin(content, DER.context0)[0]);
  const [, algorithm, sealed] = derWithin(info);
  return decryptContent(algorithm, derContent(sealed, SEALED), password, spend);
}

const SEALED = 0x80; // [0] IMPLICIT OCTET STRING

function inBag(value: Buffer): Buffer {
  const [, certificate] = derWithin(derValues(value)[0]);
  return octets(certificate);
}

/** A wrong password shows as bytes that make no sense. */
function wrapped<T>(password: Secret | undefined, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof UnknownCipher) {
      throw new ValetkeyError('INPUT_INVALID', {
        subject: 'client_certificate',
        reason: 'the file is encrypted in an outdated way',
        hint: 'turn it into a PEM: openssl pkcs12 -legacy -in app.pfx -nodes -out app.pem',
      });
    }
    if (error instanceof TooCostly) throw costly();
    throw new ValetkeyError('INPUT_INVALID', {
      subject: password === undefined ? 'client_certificate' : 'client_certificate_password',
      reason:
        password === undefined
          ? 'it is no PFX file, or has a password that was not given'
          : 'the password does not open the file, or it is no PFX file',
    });
  }
}

/** How a file is refused that would take too long to open, PEM or PFX. */
export function costly(): ValetkeyError {
  return new ValetkeyError('INPUT_INVALID', {
    subject: 'client_certificate',
    reason: 'its password is stretched by so many iterations that opening it would take too long',
    hint: 'make it anew with fewer: openssl pkcs12 -export -iter 600000, or openssl pkcs8 -topk8 -iter 600000',
  });
}
