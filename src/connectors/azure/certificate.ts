import { createPrivateKey, X509Certificate, type KeyObject } from 'node:crypto';

import { ValetkeyError } from '../../core/errors.ts';
import { secret, type Secret } from '../../core/secret.ts';
import { costOfKey, derivationBudget, TooCostly } from './derivation-cost.ts';
import { costly, readPfx } from './pfx.ts';

/** A certificate that an application is registered with, its private key, and those that signed it. */
export interface OpenCertificate {
  readonly key: KeyObject;
  /** The application's own first. At least one. */
  readonly chain: readonly [X509Certificate, ...X509Certificate[]];
}

const FIELD = 'client_certificate';
const PASSWORD = 'client_certificate_password';
/** Entra takes no shorter ones. */
const RSA_MIN_BITS = 2048;

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;
const PRIVATE_KEY = /-----BEGIN ([A-Z ]*)PRIVATE KEY-----[^]+?-----END \1PRIVATE KEY-----/;
const SHROUDED = '-----BEGIN ENCRYPTED PRIVATE KEY-----'; // PKCS #8; older ones stretch nothing
const BASE64 = /^[A-Za-z\d+/]+={0,2}$/;

/**
 * A PEM with certificate and key, or a PFX (PKCS #12) file in base64. Throws `INPUT_INVALID` naming the
 * field: no key, another certificate's key, a wrong password, not RSA. Its expiry is not looked at.
 */
export function openCertificate(text: Secret, password: Secret | undefined): OpenCertificate {
  const raw = text.reveal();
  const opened = raw.includes('-----BEGIN') ? openPem(raw, password) : openPfx(raw, password);
  const { key, certificates } = opened;
  const own = certificates.find((one) => one.checkPrivateKey(key));
  if (certificates.length === 0) throw invalid('it holds no certificate');
  if (own === undefined) throw invalid('its private key is another certificate’s');
  const bits = key.asymmetricKeyDetails?.modulusLength ?? 0;
  if (key.asymmetricKeyType !== 'rsa' || bits < RSA_MIN_BITS) {
    throw invalid(`Entra takes RSA keys of at least ${RSA_MIN_BITS} bits`);
  }
  return { key, chain: [own, ...certificates.filter((one) => one !== own)] };
}

/** Throws `CREDENTIAL_EXPIRED` for a time (ms since the epoch) at which it is not valid. */
export function checkValidAt({ chain: [own] }: OpenCertificate, now: number): void {
  if (own.validToDate.getTime() <= now) {
    throw new ValetkeyError('CREDENTIAL_EXPIRED', {
      reason: `the certificate was valid until ${own.validToDate.toISOString()}`,
      hint: 'upload a new one to the application and store it with: valetkey connector update',
    });
  }
  if (own.validFromDate.getTime() > now) {
    throw new ValetkeyError('UPSTREAM_CLOCK_SKEW', {
      reason: `the certificate is valid from ${own.validFromDate.toISOString()} only`,
      hint: 'set this machine’s clock',
    });
  }
}

/** As one PEM text without a password: key, then certificates. */
export function pemOf({ key, chain }: OpenCertificate): Secret {
  const parts = [key.export({ type: 'pkcs8', format: 'pem' }), ...chain.map(String)];
  return secret(parts.map((part) => String(part).trim()).join('\n'));
}

interface Parts {
  readonly key: KeyObject;
  readonly certificates: readonly X509Certificate[];
}

function openPem(text: string, password: Secret | undefined): Parts {
  const [block] = PRIVATE_KEY.exec(text) ?? [];
  if (block === undefined) throw invalid('it holds no private key');
  const encrypted = block.includes('ENCRYPTED');
  if (encrypted && password === undefined) throw wrongPassword('the private key has a password');
  const certificates = (text.match(CERTIFICATE) ?? []).map(certificateOf);
  try {
    if (block.startsWith(SHROUDED)) return { key: openedKey(block, password), certificates };
    const passphrase = encrypted ? { passphrase: password?.reveal() ?? '' } : {};
    return { key: createPrivateKey({ key: block, format: 'pem', ...passphrase }), certificates };
  } catch (error) {
    if (error instanceof TooCostly) throw costly();
    // Its own error may quote what it could not read.
    if (encrypted) throw wrongPassword('the password does not open the private key');
    throw invalid('its private key cannot be read');
  }
}

/** What is opened is what was looked at: not another reader's idea of the same text. */
function openedKey(block: string, password: Secret | undefined): KeyObject {
  const key = Buffer.from(block.replaceAll(/-----[^-]+-----/g, ''), 'base64');
  derivationBudget()(costOfKey(key));
  const passphrase = password?.reveal() ?? '';
  return createPrivateKey({ key, format: 'der', type: 'pkcs8', passphrase });
}

function openPfx(text: string, password: Secret | undefined): Parts {
  // Line ends first: an expression that took them in two places would look for minutes.
  const base64 = text.replaceAll(/\s/g, '');
  if (!BASE64.test(base64)) {
    const hint =
      'make one that is text: base64 app.pfx > app.pfx.txt (on macOS: base64 -i app.pfx)';
    throw invalid('it is neither a PEM nor a PFX file in base64', hint);
  }
  const { key, certificates } = readPfx(Buffer.from(base64, 'base64'), password);
  return { key, certificates: certificates.map(certificateOf) };
}

function certificateOf(der: string | Buffer): X509Certificate {
  try {
    return new X509Certificate(der);
  } catch {
    throw invalid('a certificate in it cannot be read');
  }
}

function invalid(reason: string, hint?: string): ValetkeyError {
  const more = hint === undefined ? {} : { hint };
  return new ValetkeyError('INPUT_INVALID', { subject: FIELD, reason, ...more });
}

function wrongPassword(reason: string): ValetkeyError {
  return new ValetkeyError('INPUT_INVALID', { subject: PASSWORD, reason });
}
