import type { Caller } from '../../../src/endpoints/contract.ts';
import { AZURE, AZURE_IDENTITIES, entraToken } from '../../support/azure-identities.ts';
import { caller, type World } from '../../support/endpoint-world.ts';
import { fakeClock } from '../../support/fake-clock.ts';
import type { Expectation, Vector } from '../vector.ts';

export const T = '/metadata/identity/oauth2/token';
export const ARM = 'https://management.azure.com/';
export const V = 'api-version=2018-02-01';
export const Q = `${V}&resource=${ARM}`;
const M = { Metadata: 'true' };

export const [MAIN, OTHER] = AZURE_IDENTITIES;

/** When the tests’ clock starts, s. */
export const NOW = fakeClock().now() / 1000;

/** A line whose request has the header. */
export function withMetadata(line: Vector): Vector {
  return { ...line, headers: { ...M, ...line.headers } };
}

const JSON_TYPE = { 'content-type': 'application/json', 'access-control-allow-origin': 'absent' };

export interface TokenOptions {
  readonly identity?: typeof MAIN;
  readonly clientId?: string;
  readonly mark?: string;
  readonly more?: Readonly<Record<string, string>>;
}

/** The whole body: all scalars are strings, and the token is the one for exactly this resource. */
export function token(resource: string = ARM, options: TokenOptions = {}): Expectation {
  const { identity = MAIN, mark = '0', more = {} } = options;
  const { clientId = identity.clientId } = options;
  const json = {
    access_token: entraToken(identity, [`${resource}/.default`], NOW * 1000, { mark }).token,
    client_id: clientId,
    expires_in: '3600',
    expires_on: String(NOW + 3600),
    ext_expires_in: '3600',
    not_before: String(NOW),
    resource,
    token_type: 'Bearer',
    ...more,
  };
  return { status: 200, headers: JSON_TYPE, json, fields: Object.keys(json) };
}

/** *err(x)* of the checklist. */
export function error(status: number, word: string, text: RegExp = /./): Expectation {
  return {
    status,
    headers: {
      ...JSON_TYPE,
      location: 'absent',
      ...(status === 429 || status === 503 ? { 'retry-after': /^(?:[1-9]|10)$/ } : {}),
      ...(status === 405 ? { allow: /^GET/ } : {}),
    },
    json: { error: word, error_description: text },
    fields: ['error', 'error_description'],
  };
}

/** The same in the shape of App Service. */
export function appError(status: number, text: RegExp = /./): Expectation {
  return {
    status,
    headers: JSON_TYPE,
    json: { statusCode: status, message: text, correlationId: /^[0-9a-f-]{36}$/ },
    fields: ['statusCode', 'message', 'correlationId'],
  };
}

/** And of Cloud Shell. */
export function shellError(status: number, code: string, message: RegExp = /./): Expectation {
  return {
    status,
    headers: JSON_TYPE,
    body: new RegExp(`^\\{"error":\\{"code":"${code}","message":".*${message.source}.*"\\}\\}$`),
  };
}

export const NOT_FOUND = error(404, 'not_found');
export const INVALID = error(400, 'invalid_request');
export const NO_IDENTITY = error(400, 'invalid_request', /Identity not found/);

export const as =
  (changes: Partial<Caller>) =>
  (world: World): void =>
    void (world.caller = caller(changes));

export const on = (changes: Partial<typeof AZURE>) => as({ azure: { ...AZURE, ...changes } });

export const replacing = (world: World): void => void (world.azure.replaces = true);

/** In front of the request, `resource` has been asked for, so that there is a token at hand. */
export const held =
  (resource: string = ARM, identity = MAIN) =>
  async (world: World): Promise<void> => {
    await world.context.issue(world.caller, {
      kind: 'access-token',
      profile: identity.profile,
      scopes: [`${resource}/.default`],
      waitMs: 0,
    });
    world.choices.length = 0;
  };
