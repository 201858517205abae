import { constants, createHash, randomUUID, sign, X509Certificate } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { onTestFinished } from 'vitest';
import { startAzureStandIn } from '../../../src/stand-ins/azure/server.ts';
import type { AzureStandInOptions } from '../../../src/stand-ins/azure/server.ts';
import { certificate } from '../../../src/stand-ins/google/certificate.ts';
import { createKeySource } from '../../../src/stand-ins/google/rsa-keys.ts';
import { fakeClock } from '../../support/fake-clock.ts';
import { fieldsOfJson } from '../../support/json.ts';

export const ARM = 'https://management.azure.com';
export const STORAGE = 'https://storage.azure.com';
const ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';

type Fields = Readonly<Record<string, unknown>>;
type Form = Readonly<Record<string, string>>;

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** `{}` when the body is no JSON object. */
  readonly body: Fields;
}

/** A stand-in on a fake clock with a tenant and an app in it, and raw HTTP to it. */
export async function startBed(options: AzureStandInOptions = {}) {
  const clock = fakeClock();
  const azure = await startAzureStandIn({ clock, ...options });
  onTestFinished(() => azure.stop());
  const tenant = azure.directory.addTenant({ domain: 'example.com' });
  const app = azure.directory.addApp({ tenant: tenant.id, name: 'robot' });
  const secret = app.addSecret();
  const send = async (path: string, init: RequestInit = {}): Promise<Answer> => {
    const url = path.startsWith('http') ? path : azure.url + path;
    const response = await fetch(url, { redirect: 'manual', ...init });
    const text = await response.text();
    const { status, headers } = response;
    const whole = text.startsWith('{') && text.endsWith('}');
    return { status, headers, text, body: whole ? fieldsOfJson(text) : {} };
  };
  const form = (path: string, fields: Form) =>
    send(path, { method: 'POST', body: new URLSearchParams(fields) });
  const ask = (fields: Form, segment: string = tenant.id) =>
    form(`/${segment}/oauth2/v2.0/token`, fields);
  const credentials = (more: Form = {}): Form => ({
    grant_type: 'client_credentials',
    client_id: app.clientId,
    scope: `${ARM}/.default`,
    ...more,
  });
  const seconds = (offset = 0): number => Math.floor(clock.now() / 1000) + offset;
  return {
    azure,
    clock,
    tenant,
    app,
    secret,
    send,
    form,
    ask,
    credentials,
    seconds,
    withSecret: (more: Form = {}, segment?: string) =>
      ask(credentials({ client_secret: secret.value, ...more }), segment),
    withAssertion: (assertion: string, more: Form = {}, segment?: string) =>
      ask(
        credentials({
          client_assertion_type: ASSERTION_TYPE,
          client_assertion: assertion,
          ...more,
        }),
        segment,
      ),
    /** What a client writes into an assertion of its own. */
    claims: (more: Fields = {}): Fields => ({
      aud: `${azure.url}/${tenant.id}/oauth2/v2.0/token`,
      exp: seconds(600),
      iss: app.clientId,
      jti: randomUUID(),
      nbf: seconds(),
      sub: app.clientId,
      ...more,
    }),
    get: (path: string, token?: string, headers: Form = {}) =>
      send(path, {
        headers: {
          ...headers,
          ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        },
      }),
    /** An access token of the app. */
    token: async (resource = ARM): Promise<string> =>
      textOf(
        await ask(credentials({ client_secret: secret.value, scope: `${resource}/.default` })),
        'access_token',
      ),
  };
}

export type Bed = Awaited<ReturnType<typeof startBed>>;

/** A key with a certificate on it, and the thumbprints that name it. */
export function makeCertificate(now: number, at = 1) {
  const source = createKeySource();
  for (let skipped = 0; skipped < at; skipped += 1) source.next();
  const pair = source.next();
  const pem = certificate(pair, 'robot', now);
  const { raw } = new X509Certificate(pem);
  return {
    pem,
    pair,
    der: raw.toString('base64'),
    x5t: createHash('sha1').update(raw).digest('base64url'),
    sha256: createHash('sha256').update(raw).digest('base64url'),
  };
}

/** A compact JWS, RS256 unless the header says PS256. */
export function signed(header: Fields, claims: Fields, key: KeyObject): string {
  const head = { alg: 'RS256', typ: 'JWT', ...header };
  const text = [head, claims]
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.');
  const pss = { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 };
  const signature = sign('sha256', Buffer.from(text), head.alg === 'PS256' ? pss : key);
  return `${text}.${signature.toString('base64url')}`;
}

/** A text that the answer must have. */
export function textOf(answer: Answer, name: string): string {
  const value = answer.body[name];
  if (typeof value !== 'string') throw new Error(`no ${name} in ${answer.status} ${answer.text}`);
  return value;
}

/** `401 invalid_client AADSTS7000215`, or `403 AuthorizationFailed`: how each service says it. */
export function refusalOf({ status, body, text, headers }: Answer): string {
  const { error } = body;
  if (typeof error === 'string') {
    const codes = body['error_codes'];
    return Array.isArray(codes)
      ? `${status} ${error} AADSTS${String(codes[0])}`
      : `${status} ${error}`;
  }
  const code = (error as { code?: string } | undefined)?.code ?? headers.get('x-ms-error-code');
  if (code === null || code === undefined) throw new Error(`not refused: ${status} ${text}`);
  return `${status} ${code}`;
}

/** The claims of a token, unverified. */
export function claimsOf(token: string): Fields {
  return fieldsOfJson(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8'));
}
