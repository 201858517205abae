import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';

import type { GcpPlace } from '../../../src/connectors/gcp/cloud.ts';
import { parseKeyFile, parseUserFile, storedField } from '../../../src/connectors/gcp/key-file.ts';
import { ValetkeyError } from '../../../src/core/errors.ts';
import { secret } from '../../../src/core/secret.ts';
import { allOf, hidden, methodOf } from './bed.ts';

const PLACE: GcpPlace = { universeDomain: 'googleapis.com' };
const pem = (type: 'pkcs1' | 'pkcs8'): string =>
  generateKeyPairSync('rsa', { modulusLength: 2048 })
    .privateKey.export({ type, format: 'pem' })
    .toString();
const PEM = pem('pkcs8');
const KEY = {
  type: 'service_account',
  project_id: 'data-prod',
  private_key_id: '0123456789abcdef',
  private_key: PEM,
  client_email: 'robot@data-prod.iam.gserviceaccount.com',
  client_id: '100000000000000000001',
  token_uri: 'https://oauth2.googleapis.com/token',
  universe_domain: 'googleapis.com',
};
const USER = {
  type: 'authorized_user',
  client_id: '32555940559.apps.googleusercontent.com',
  client_secret: 'GOCSPX-planted-secret',
  refresh_token: '1//planted-refresh-token',
};

function refusalOf(run: () => unknown): ValetkeyError {
  try {
    run();
  } catch (error) {
    if (error instanceof ValetkeyError) return error;
    throw error;
  }
  throw new Error('it was accepted');
}

const key = (text: string, place = PLACE) => parseKeyFile(secret(text), place);
const keyWith = (more: object, place = PLACE) => key(JSON.stringify({ ...KEY, ...more }), place);
const user = (more: object) => parseUserFile(secret(JSON.stringify({ ...USER, ...more })), PLACE);

describe('a key file', () => {
  it('may begin with a byte order mark, and have the line ends of Windows', () => {
    const text = JSON.stringify(KEY, null, 2).replaceAll('\n', '\r\n');
    expect(key(`\ufeff${text}`).clientEmail).toBe(KEY.client_email);
  });

  it('gives what signing needs', () => {
    const parsed = keyWith({});
    expect(parsed).toMatchObject({
      clientEmail: KEY.client_email,
      projectId: 'data-prod',
      privateKeyId: KEY.private_key_id,
    });
    expect(parsed.privateKey.reveal()).toBe(PEM);
  });

  it('may have an older form of PEM, and lack what is not needed', () => {
    const old = { private_key: pem('pkcs1'), private_key_id: undefined, project_id: undefined };
    const bare = { ...old, token_uri: undefined, universe_domain: undefined };
    expect(keyWith(bare)).toMatchObject({ projectId: undefined, privateKeyId: undefined });
  });

  const whole = JSON.stringify(KEY);
  it.each<[string, string, RegExp]>([
    ['empty', '', /no JSON/],
    ['truncated', whole.slice(0, 900), /no JSON/],
    ['UTF-16', Buffer.from(`\ufeff${whole}`, 'utf16le').toString('utf8'), /no JSON/],
    ['a path', '/home/ada/key.json', /no JSON/],
    ['a list', `[${whole}]`, /no JSON object/],
    ['a text', JSON.stringify(whole), /no JSON object/],
    ['null', 'null', /no JSON object/],
    ['of no type', JSON.stringify({ ...KEY, type: undefined }), /type: it is not service_account/],
    ['of a type that is no word', JSON.stringify({ ...KEY, type: PEM }), /type: it is not/],
  ])('that is %s is refused', (_what, text, reason) => {
    const error = refusalOf(() => key(text));
    expect(error).toMatchObject({ code: 'INPUT_INVALID', subject: 'service_account_json' });
    expect(error.reason).toMatch(reason);
    for (const line of PEM.split('\n').slice(1, -2)) expect(allOf(error)).not.toContain(line);
  });

  it.each([
    ['authorized_user', /user-account/],
    ['external_account', /external-account/],
    ['impersonated_service_account', /impersonation/],
    ['external_account_authorized_user', /no auth method/],
    ['gdch_service_account', /no auth method/],
  ])('of type %s says what takes it', (type, hint) => {
    const error = refusalOf(() => keyWith({ type }));
    expect(error.reason).toContain(type);
    expect(error.hint).toMatch(hint);
  });

  it('is told from an OAuth client’s file', () => {
    const error = refusalOf(() => key('{"installed":{"client_id":"x","client_secret":"y"}}'));
    expect(error.reason).toMatch(/OAuth client/);
  });

  it.each([
    ['private_key', undefined, /private_key: it is required/],
    ['private_key', '', /private_key: it is empty/],
    ['private_key', 7, /private_key: /],
    ['client_email', undefined, /client_email: it is required/],
    ['client_email', 'robot', /client_email: this is no e-mail/],
    ['client_email', 'robot@x.com/../keys', /client_email: this is no e-mail/],
    ['private_key_id', '', /private_key_id: it is empty/],
    ['universe_domain', 'evil.example', /universe_domain: it is not the connector’s own/],
  ])('with %s = %j is refused', (field, value, reason) => {
    expect(refusalOf(() => keyWith({ [field]: value })).reason).toMatch(reason);
  });

  it.each([
    ['cut off', PEM.slice(0, 800)],
    ['without its line breaks', PEM.replaceAll('\n', '')],
    ['with line breaks spelled out', PEM.replaceAll('\n', '\\n')],
    ['a public key', pemOfPublicKey()],
    ['no PEM', 'hunter2 hunter2 hunter2 hunter2 hunter2'],
  ])('whose private key is %s is refused, and never quoted', (_what, damaged) => {
    const error = refusalOf(() => keyWith({ private_key: damaged }));
    expect(error).toMatchObject({ code: 'INPUT_INVALID', subject: 'service_account_json' });
    expect(error.reason).toMatch(/private_key: it is no whole PEM key/);
    expect(error.cause).toBeUndefined();
    expect(allOf(error)).not.toContain(damaged.slice(30, 60));
  });

  it('whose private key has a letter changed is refused', () => {
    const lines = PEM.split('\n');
    const modulus = lines[3] ?? '';
    const letter = modulus.charAt(20) === 'A' ? 'B' : 'A';
    lines[3] = modulus.slice(0, 20) + letter + modulus.slice(21);
    const error = refusalOf(() => keyWith({ private_key: lines.join('\n') }));
    expect(error.reason).toMatch(/private_key: it is damaged/);
  });

  it('whose private key is of another kind is refused', () => {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const ec = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    expect(refusalOf(() => keyWith({ private_key: ec })).reason).toMatch(/no RSA key/);
  });
});

function pemOfPublicKey(): string {
  const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  return publicKey.export({ type: 'spki', format: 'pem' }).toString();
}

describe('the token URI of a file', () => {
  it.each([
    'https://oauth2.googleapis.com/token',
    'https://accounts.google.com/o/oauth2/token',
    'https://www.googleapis.com/oauth2/v4/token',
    'https://oauth2.mtls.googleapis.com/token',
  ])('may be Google’s: %s', (uri) => {
    expect(keyWith({ token_uri: uri }).clientEmail).toBe(KEY.client_email);
    expect(user({ token_uri: uri }).clientId).toBe(USER.client_id);
  });

  it.each([
    'http://oauth2.googleapis.com/token',
    'https://oauth2.googleapis.com.evil.example/token',
    'https://evilgoogleapis.com/token',
    'https://evil.example/oauth2.googleapis.com',
    'https://oauth2.googleapis.com:8443/token',
    'https://oauth2.googleapis.com@evil.example/token',
    'https://user@oauth2.googleapis.com/token',
    'https://accounts.google.com/elsewhere',
    'http://127.0.0.1:9/token',
    'not a URL',
    '',
  ])('may not be a stranger’s: %s', (uri) => {
    for (const parse of [() => keyWith({ token_uri: uri }), () => user({ token_uri: uri })]) {
      const error = refusalOf(parse);
      expect(error.reason).toMatch(/token_uri/);
      expect(error.hint).toMatch(/token_endpoint/);
      if (uri !== '') expect(allOf(error)).not.toContain(uri);
    }
  });

  it('may be the one that the connector names, and no other then', () => {
    const own = 'https://tokens.example/token';
    const place = { ...PLACE, tokenEndpoint: own };
    expect(keyWith({ token_uri: own }, place).clientEmail).toBe(KEY.client_email);
    expect(() => keyWith({ token_uri: `${own}/x` }, place)).toThrow(ValetkeyError);
  });
});

describe('a person’s login', () => {
  it('gives what a refresh needs', () => {
    const parsed = user({ account: 'ada@example.com', quota_project_id: 'billed-1' });
    expect(parsed).toMatchObject({
      clientId: USER.client_id,
      account: 'ada@example.com',
      quotaProject: 'billed-1',
    });
    expect(parsed.refreshToken.reveal()).toBe(USER.refresh_token);
    expect(parsed.clientSecret.reveal()).toBe(USER.client_secret);
  });

  it.each(['client_id', 'client_secret', 'refresh_token'])('without %s is refused', (field) => {
    for (const value of [undefined, '', null]) {
      const error = refusalOf(() => user({ [field]: value }));
      expect(error).toMatchObject({ code: 'INPUT_INVALID', subject: 'user_account_json' });
      expect(error.reason).toContain(field);
      expect(allOf(error)).not.toMatch(/planted/);
    }
  });

  it('is told from a key file', () => {
    const error = refusalOf(() => user({ type: 'service_account' }));
    expect(error.hint).toBe('use the auth method service-account');
  });
});

describe('what a key tells of itself', () => {
  it('is its account and its project; nothing without it', () => {
    const { complete } = methodOf('service-account');
    const given = { universe_domain: 'googleapis.com' };
    const fields = hidden({ service_account_json: JSON.stringify(KEY) });
    expect(complete?.(given, fields)).toEqual({
      account_email: KEY.client_email,
      project_id: 'data-prod',
    });
    expect(complete?.(given, {})).toEqual({});
  });
});

it('a secret that is missing has its name in the error', () => {
  expect(refusalOf(() => storedField({}, 'token'))).toMatchObject({ code: 'SECRET_MISSING' });
});
