import { createPrivateKey, sign } from 'node:crypto';
import { onTestFinished } from 'vitest';
import { startGoogleStandIn } from '../../../src/stand-ins/google/server.ts';
import type { GoogleStandIn, GoogleStandInOptions } from '../../../src/stand-ins/google/server.ts';
import { fakeClock } from '../../support/fake-clock.ts';
import { fieldsOfJson } from '../../support/json.ts';

export const CLOUD = 'https://www.googleapis.com/auth/cloud-platform';
export const STORAGE_READ = 'https://www.googleapis.com/auth/devstorage.read_only';
export const EMAIL_SCOPE = 'https://www.googleapis.com/auth/userinfo.email';
const TOKEN_URI = 'https://oauth2.googleapis.com/token';
const ACCESS_TOKEN_TYPE = 'urn:ietf:params:oauth:token-type:access_token';

type Fields = Readonly<Record<string, unknown>>;

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** `{}` when the body is no JSON object. */
  readonly body: Fields;
}

/** A stand-in on a fake clock, one service account with a key, and raw HTTP to it. */
export async function startBed(options: GoogleStandInOptions = {}) {
  const clock = fakeClock();
  const google: GoogleStandIn = await startGoogleStandIn({ clock, ...options });
  onTestFinished(() => google.stop());
  const robot = google.accounts.addServiceAccount({ name: 'robot', project: 'demo' });
  const file = robot.keyFile();
  const send = async (path: string, init: RequestInit = {}): Promise<Answer> => {
    const url = path.startsWith('http') ? path : google.url + path;
    const response = await fetch(url, { redirect: 'manual', ...init });
    const text = await response.text();
    const json = response.headers.get('content-type')?.startsWith('application/json') ?? false;
    const { status, headers } = response;
    return { status, headers, text, body: json && text.startsWith('{') ? fieldsOfJson(text) : {} };
  };
  const form = (path: string, fields: Readonly<Record<string, string>>) =>
    send(path, { method: 'POST', body: new URLSearchParams(fields) });
  const seconds = (offset = 0): number => Math.floor(clock.now() / 1000) + offset;
  const claims = (more: Fields = {}): Fields => ({
    iss: robot.email,
    scope: CLOUD,
    aud: TOKEN_URI,
    iat: seconds(),
    exp: seconds(3600),
    ...more,
  });
  const bearer = (assertion: string) =>
    form('/token', { grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer', assertion });
  return {
    google,
    clock,
    robot,
    file,
    send,
    form,
    seconds,
    claims,
    bearer,
    get: (path: string, token?: string) =>
      send(path, token === undefined ? {} : { headers: { authorization: `Bearer ${token}` } }),
    post: (path: string, body: unknown, token?: string) =>
      send(path, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        },
        body: typeof body === 'string' ? body : JSON.stringify(body),
      }),
    /** An access token of the robot. */
    token: async (scope = CLOUD): Promise<string> =>
      textOf(await bearer(signed(file, claims({ scope }))), 'access_token'),
    downscope: (token: string, rules: unknown, more: Readonly<Record<string, string>> = {}) =>
      form('/v1/token', {
        grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
        requested_token_type: ACCESS_TOKEN_TYPE,
        subject_token_type: ACCESS_TOKEN_TYPE,
        subject_token: token,
        options: JSON.stringify({ accessBoundary: { accessBoundaryRules: rules } }),
        ...more,
      }),
  };
}

export type Bed = Awaited<ReturnType<typeof startBed>>;

/** A compact JWS by a key file; `header` replaces what a client writes there. */
export function signed(file: Fields, claims: Fields, header: Fields = {}): string {
  const head = { alg: 'RS256', typ: 'JWT', kid: file['private_key_id'], ...header };
  const text = [head, claims]
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.');
  const key = createPrivateKey(String(file['private_key']));
  return `${text}.${sign('sha256', Buffer.from(text), key).toString('base64url')}`;
}

/** A text that the answer must have. */
export function textOf(answer: Answer, name: string): string {
  const value = answer.body[name];
  if (typeof value !== 'string') throw new Error(`no ${name} in ${answer.status} ${answer.text}`);
  return value;
}

/** `400 invalid_grant`, `403 PERMISSION_DENIED` or `403 forbidden`: how each of Google's shapes says it. */
export function refusalOf({ status, body, text }: Answer): string {
  const { error } = body;
  if (typeof error === 'string') return `${status} ${error}`;
  const { status: word, errors } = (error ?? {}) as {
    status?: string;
    errors?: readonly { readonly reason: string }[];
  };
  const said = word ?? errors?.[0]?.reason;
  if (said === undefined) throw new Error(`not refused: ${status} ${text}`);
  return `${status} ${said}`;
}

/** One boundary rule. */
export function rule(bucket: string, roles: string | readonly string[], expression?: string) {
  return {
    availableResource: `//storage.googleapis.com/projects/_/buckets/${bucket}`,
    availablePermissions: [roles].flat().map((role) => `inRole:roles/storage.${role}`),
    ...(expression === undefined ? {} : { availabilityCondition: { expression } }),
  };
}
