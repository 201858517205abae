import { execFileSync } from 'node:child_process';
import { createPrivateKey, generateKeyPairSync } from 'node:crypto';

import { describe, expect, it } from 'vitest';

import { openCertificate, pemOf } from '../../../src/connectors/azure/certificate.ts';
import { ValetkeyError } from '../../../src/core/errors.ts';
import { secret } from '../../../src/core/secret.ts';
import { allOf, bodyOf, certified } from './bed.ts';
import { pfxOf } from './certificates.ts';

const NOW = Date.UTC(2026, 10, 26);
const robot = certified(NOW);
const other = certified(NOW, 'other');
const PASSWORD = 'pässwörd 🔑 "1';
const hasOpenssl = ((): boolean => {
  try {
    execFileSync('openssl', ['version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
})();

const open = (text: string, password?: string) =>
  openCertificate(secret(text), password === undefined ? undefined : secret(password));

function refusal(text: string, password?: string): ValetkeyError {
  try {
    open(text, password);
  } catch (error) {
    if (error instanceof ValetkeyError) return error;
    throw error;
  }
  throw new Error('it was accepted');
}

const locked = (passphrase: string): string =>
  String(
    createPrivateKey(robot.key).export({
      type: 'pkcs8',
      format: 'pem',
      cipher: 'aes-256-cbc',
      passphrase,
    }),
  );

describe('a certificate as PEM', () => {
  it.each([
    ['key first', `${robot.key}${robot.certificate}`],
    ['certificate first', `${robot.certificate}\r\n${robot.key}`],
    [
      'with what OpenSSL writes between',
      `Bag Attributes\n  a: b\n${robot.key}\nx\n${robot.certificate}`,
    ],
    ['after those that signed it', `${other.certificate}${robot.certificate}${robot.key}`],
  ])('is read: %s', (_name, text) => {
    const { key, chain } = open(text);
    expect(key.equals(robot.pair.privateKey)).toBe(true);
    expect(String(chain[0])).toBe(robot.certificate);
  });

  it('has an old-style key, or one with a password', () => {
    const pkcs1 = String(robot.pair.privateKey.export({ type: 'pkcs1', format: 'pem' }));
    open(`${pkcs1}${robot.certificate}`);
    const { key } = open(`${locked(PASSWORD)}${robot.certificate}`, PASSWORD);
    expect(key.equals(robot.pair.privateKey)).toBe(true);
  });

  it('is written again without a password', () => {
    const opened = open(`${robot.certificate}${other.certificate}${locked(PASSWORD)}`, PASSWORD);
    const again = open(pemOf(opened).reveal());
    expect(again.key.equals(opened.key)).toBe(true);
    expect(again.chain.map(String)).toEqual([robot.certificate, other.certificate]);
  });

  const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const ecKey = String(ec.privateKey.export({ type: 'pkcs8', format: 'pem' }));
  it.each([
    ['no key', robot.certificate, undefined, 'client_certificate', /no private key/],
    ['no certificate', robot.key, undefined, 'client_certificate', /no certificate/],
    ['another key', `${other.key}${robot.certificate}`, undefined, 'client_certificate', /another/],
    [
      'a key of another kind',
      `${ecKey}${robot.certificate}`,
      undefined,
      'client_certificate',
      /another/,
    ],
    [
      'no password',
      `${locked('x')}${robot.certificate}`,
      undefined,
      'client_certificate_password',
      /has a password/,
    ],
    [
      'a wrong password',
      `${locked('x')}${robot.certificate}`,
      'y',
      'client_certificate_password',
      /does not open/,
    ],
    [
      'half a key',
      `${robot.key.slice(0, 300)}\n-----END PRIVATE KEY-----\n${robot.certificate}`,
      undefined,
      'client_certificate',
      /cannot be read/,
    ],
    [
      'half a certificate',
      `${robot.key}${robot.certificate.slice(0, 300)}\n-----END CERTIFICATE-----`,
      undefined,
      'client_certificate',
      /cannot be read/,
    ],
    ['neither', 'hello, world', undefined, 'client_certificate', /neither/],
    [
      'base64 of something else',
      Buffer.from('hello').toString('base64'),
      undefined,
      'client_certificate',
      /no PFX/,
    ],
    ['nothing', '', undefined, 'client_certificate', /neither/],
  ])('is refused with %s', (_name, text, password, subject, reason) => {
    const error = refusal(text, password);
    expect(error).toMatchObject({ code: 'INPUT_INVALID', subject });
    expect(error.reason).toMatch(reason);
    for (const line of bodyOf(robot.key)) expect(allOf(error)).not.toContain(line);
  });
});

describe.skipIf(!hasOpenssl)('what would take minutes to open is refused unopened', () => {
  const { key, certificate } = robot;
  const costly = { code: 'INPUT_INVALID', subject: 'client_certificate' };

  /** A file that its maker was quick with: the number in it is made larger afterwards. */
  const stretched = (base64: string): string => {
    const file = Buffer.from(base64, 'base64').toString('latin1');
    const made = file.replaceAll(
      '\u0002\u0003\u0001\u0011\u0070',
      '\u0002\u0003\u007f\u00ff\u00ff',
    );
    expect(made).not.toBe(file);
    return Buffer.from(made, 'latin1').toString('base64');
  };
  const FEW = String(0x01_11_70);
  const pkcs8 = (...options: readonly string[]): string =>
    execFileSync('openssl', ['pkcs8', '-topk8', '-passout', 'pass:x', ...options], {
      input: key,
      encoding: 'utf8',
    });

  it('a key in a PEM', () => {
    const [, body = ''] = /-----\n([^-]+)-----/.exec(pkcs8('-iter', FEW)) ?? [];
    const pem = `-----BEGIN ENCRYPTED PRIVATE KEY-----\n${stretched(body)}\n-----END ENCRYPTED PRIVATE KEY-----\n`;
    const error = refusal(`${pem}${certificate}`, 'x');
    expect(error).toMatchObject(costly);
    expect(error.reason).toMatch(/too long/);
  });

  it('but one that is stretched as far as is usual is opened', () => {
    for (const options of [['-iter', '600000'], ['-scrypt'], ['-v1', 'PBE-SHA1-3DES']]) {
      open(`${pkcs8(...options)}${certificate}`, 'x');
    }
  });

  it.each([
    ['newer', []],
    ['older', ['-keypbe', 'PBE-SHA1-3DES', '-certpbe', 'PBE-SHA1-3DES']],
    ['newer, in its key alone', ['-certpbe', 'NONE']],
  ])('a PFX file of the %s kind', (_name, options) => {
    const more = ['-iter', FEW, ...options];
    const file = pfxOf({ key, certificates: [certificate], password: 'x', options: more });
    const error = refusal(stretched(file), 'x');
    expect(error).toMatchObject(costly);
    expect(error.reason).toMatch(/too long/);
  });

  it('a text that is all line ends', () => {
    expect(refusal(`AAAA${' '.repeat(65_000)}!`).reason).toMatch(/neither/);
  });
});

describe.skipIf(!hasOpenssl)('a PFX file', () => {
  const { key, certificate } = robot;
  const certificates = [certificate, other.certificate];

  it.each([
    ['as OpenSSL 3 makes them', []],
    [
      'of AES-128 and SHA-1',
      ['-keypbe', 'AES-128-CBC', '-certpbe', 'AES-128-CBC', '-macalg', 'sha1'],
    ],
    [
      'of 3DES, as Windows made them',
      ['-keypbe', 'PBE-SHA1-3DES', '-certpbe', 'PBE-SHA1-3DES', '-macalg', 'sha1'],
    ],
    ['whose certificates are in clear', ['-certpbe', 'NONE']],
    ['whose key is in clear', ['-keypbe', 'NONE', '-certpbe', 'NONE']],
    ['of many iterations', ['-iter', '100000']],
  ])('is read: %s', (_name, options) => {
    const text = pfxOf({ key, certificates, password: PASSWORD, options });
    const opened = open(text, PASSWORD);
    expect(opened.key.equals(robot.pair.privateKey)).toBe(true);
    expect(opened.chain.map(String)).toEqual(certificates);
  });

  it('may have no password', () => {
    open(pfxOf({ key, certificates, password: '' }));
  });

  it.each([undefined, 'wrong', ''])('is refused with the password %j', (password) => {
    const text = pfxOf({ key, certificates, password: PASSWORD });
    const error = refusal(text, password);
    expect(error.code).toBe('INPUT_INVALID');
    expect(error.subject).toMatch(/^client_certificate/);
    expect(allOf(error)).not.toContain(PASSWORD);
  });

  it('is refused with another certificate’s key, or none', () => {
    expect(
      refusal(pfxOf({ key, certificates: [certificate], password: 'x', options: ['-nokeys'] }), 'x')
        .reason,
    ).toMatch(/no private key/);
  });

  it('is refused at every length but its own', () => {
    const whole = Buffer.from(pfxOf({ key, certificates, password: 'x' }), 'base64');
    for (let length = 0; length < whole.length; length += 97) {
      const text = whole.subarray(0, length).toString('base64');
      expect(refusal(text, 'x').code).toBe('INPUT_INVALID');
    }
  });
});
