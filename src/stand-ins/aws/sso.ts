import type { Accounts } from './accounts.ts';
import { requestId } from './ids.ts';
import { refusal } from './refusal.ts';
import type { Refusal } from './refusal.ts';
import type { AwsReply, AwsRequest } from './request.ts';
import type { Service } from './service.ts';
import { assign, createDirectory } from './sso/directory.ts';
import type { Assignment, AssignmentOptions, Directory } from './sso/directory.ts';
import { createToken, oidcWord, registerClient, startDevice, textOf } from './sso/oidc.ts';
import type { JsonObject } from './sso/oidc.ts';
import { getRoleCredentials, listAccountRoles, listAccounts, logout } from './sso/portal.ts';
import type { PortalCall } from './sso/portal.ts';

const OIDC_PATHS: Readonly<
  Record<
    string,
    readonly [string, (body: JsonObject, directory: Directory, now: number) => JsonObject]
  >
> = {
  'POST /client/register': ['RegisterClient', registerClient],
  'POST /device_authorization': ['StartDeviceAuthorization', startDevice],
  'POST /token': ['CreateToken', createToken],
};

const PORTAL_PATHS: Readonly<Record<string, readonly [string, (call: PortalCall) => JsonObject]>> =
  {
    'GET /federation/credentials': ['GetRoleCredentials', getRoleCredentials],
    'GET /assignment/accounts': ['ListAccounts', listAccounts],
    'GET /assignment/roles': ['ListAccountRoles', listAccountRoles],
    'POST /logout': ['Logout', logout],
  };

/** IAM Identity Center with one person, who approves or denies by these functions. */
export interface Sso {
  readonly startUrl: string;
  assign(options: AssignmentOptions): Assignment;
  /** How long a sign-in lasts from the next one on. */
  setSessionHours(hours: number): void;
  /** What the person does in the browser; false when there is no such code waiting. */
  decide(userCode: string, decision: 'approved' | 'denied'): boolean;
  /** Ends every sign-in, as an administrator can. */
  signOutEverywhere(): void;
  serviceFor(request: AwsRequest): Service | undefined;
}

export function createSso(accounts: Accounts, now: () => number): Sso {
  const directory = createDirectory();
  const oidc: Service = {
    name: 'sso-oidc',
    operation: (request) => OIDC_PATHS[routeOf(request)]?.[0] ?? 'Unknown',
    refuse: (error) => refuse(error, { error: oidcWord(error.awsCode), error_description: null }),
    throttled: () => refusal('SlowDownException', 400, 'slow_down'),
    async answer(request, visit) {
      const run = OIDC_PATHS[routeOf(request)]?.[1];
      if (run === undefined) throw refusal('InvalidRequestException', 400, 'Unknown path');
      const body = readJson(request);
      visit.parameters = { grantType: textOf(body, 'grantType') };
      return Promise.resolve(json(200, run(body, directory, visit.now), {}));
    },
  };
  const portal: Service = {
    name: 'sso',
    operation: (request) => PORTAL_PATHS[routeOf(request)]?.[0] ?? 'Unknown',
    refuse: (error) => refuse(error, { message: error.message }),
    throttled: () => refusal('TooManyRequestsException', 429, 'HTTP 429 Unknown Code'),
    async answer(request, visit) {
      const run = PORTAL_PATHS[routeOf(request)]?.[1];
      if (run === undefined) throw refusal('ResourceNotFoundException', 404, 'Unknown path');
      const query = new URLSearchParams(request.query);
      visit.parameters = Object.fromEntries(query);
      const token = request.headers.get('x-amz-sso_bearer_token');
      return Promise.resolve(
        json(200, run({ query, token, directory, accounts, now: visit.now }), {}),
      );
    },
  };
  return {
    startUrl: directory.startUrl,
    assign: (options) => assign(directory, accounts, options),
    setSessionHours(hours) {
      directory.sessionHours = hours;
    },
    decide(userCode, decision) {
      const device = [...directory.devices.values()].find((other) => other.userCode === userCode);
      if (device?.state !== 'pending' || now() >= device.expiresAt) return false;
      device.state = decision;
      return true;
    },
    signOutEverywhere() {
      directory.accessTokens.clear();
      directory.refreshTokens.clear();
    },
    serviceFor(request) {
      if (routeOf(request) in OIDC_PATHS) return oidc;
      return routeOf(request) in PORTAL_PATHS ? portal : undefined;
    },
  };
}

function routeOf(request: AwsRequest): string {
  return `${request.method} ${request.path}`;
}

function readJson(request: AwsRequest): JsonObject {
  try {
    const body: unknown = JSON.parse(request.body.toString('utf8'));
    if (isObject(body)) return body;
  } catch {
    // falls through: no JSON is as wrong as the wrong JSON
  }
  throw refusal('InvalidRequestException', 400, 'invalid_request');
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** REST-JSON services name the error in a header. */
function refuse(error: Refusal, body: JsonObject): AwsReply {
  return json(error.status, body, { 'x-amzn-errortype': error.awsCode });
}

function json(status: number, body: JsonObject, headers: Record<string, string>): AwsReply {
  return {
    status,
    headers: { 'content-type': 'application/json', 'x-amzn-requestid': requestId(), ...headers },
    body: JSON.stringify(body),
  };
}
