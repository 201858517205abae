import { refusal } from '../refusal.ts';
import { opaque, userCode } from './directory.ts';
import type { DeviceCode, Directory, OidcClient } from './directory.ts';

const CLIENT_DAYS = 90;
/** API_StartDeviceAuthorization: a code is good for ten minutes and polled every second. */
const DEVICE_SECONDS = 600;
const POLL_SECONDS = 1;
/** An access token that can be refreshed lives an hour, one that cannot lives as long as the sign-in. */
const REFRESHABLE_SECONDS = 3600;

const DEVICE_GRANT = 'urn:ietf:params:oauth:grant-type:device_code';

export type JsonObject = Readonly<Record<string, unknown>>;

/** A member that is text, or nothing. */
export function textOf(body: JsonObject, name: string): string {
  const value = body[name];
  return typeof value === 'string' ? value : '';
}

/** https://docs.aws.amazon.com/singlesignon/latest/OIDCAPIReference/API_RegisterClient.html */
export function registerClient(body: JsonObject, directory: Directory, now: number): JsonObject {
  if (typeof body['clientName'] !== 'string') throw oidcError('InvalidRequestException');
  if (body['clientType'] !== 'public') throw oidcError('InvalidClientMetadataException');
  const clientId = opaque('');
  const client: OidcClient = {
    secret: opaque('eyJraWQiOiJrZXkt'),
    expiresAt: now + CLIENT_DAYS * 86_400_000,
    grantTypes: texts(body['grantTypes']),
    refreshes: texts(body['scopes'])?.includes('sso:account:access') ?? false,
  };
  directory.clients.set(clientId, client);
  return {
    clientId,
    clientSecret: client.secret,
    clientIdIssuedAt: Math.floor(now / 1000),
    clientSecretExpiresAt: Math.floor(client.expiresAt / 1000),
  };
}

/** https://docs.aws.amazon.com/singlesignon/latest/OIDCAPIReference/API_StartDeviceAuthorization.html */
export function startDevice(body: JsonObject, directory: Directory, now: number): JsonObject {
  const [clientId] = findClient(body, directory, now);
  if (textOf(body, 'startUrl').replace(/\/$/, '') !== directory.startUrl) {
    throw oidcError('InvalidRequestException');
  }
  const deviceCode = opaque('');
  const device: DeviceCode = {
    clientId,
    userCode: userCode(),
    expiresAt: now + DEVICE_SECONDS * 1000,
    state: 'pending',
    interval: POLL_SECONDS,
    polledAt: Number.NEGATIVE_INFINITY,
  };
  directory.devices.set(deviceCode, device);
  const page = directory.startUrl.replace('/start', '/start/#/device');
  return {
    deviceCode,
    userCode: device.userCode,
    verificationUri: page,
    verificationUriComplete: `${page}?user_code=${device.userCode}`,
    expiresIn: DEVICE_SECONDS,
    interval: POLL_SECONDS,
  };
}

/** https://docs.aws.amazon.com/singlesignon/latest/OIDCAPIReference/API_CreateToken.html */
export function createToken(body: JsonObject, directory: Directory, now: number): JsonObject {
  const [clientId, client] = findClient(body, directory, now);
  const grant = textOf(body, 'grantType');
  if (client.grantTypes !== undefined && !client.grantTypes.includes(grant)) {
    throw oidcError('UnauthorizedClientException');
  }
  if (grant === DEVICE_GRANT) {
    redeemDevice(body, directory, clientId, now);
    return issue(directory, client, clientId, now + directory.sessionHours * 3_600_000, now);
  }
  if (grant === 'refresh_token') {
    const token = textOf(body, 'refreshToken');
    const signIn = directory.refreshTokens.get(token);
    if (signIn?.clientId !== clientId || now >= signIn.endsAt)
      throw oidcError('InvalidGrantException');
    directory.refreshTokens.delete(token);
    return issue(directory, client, clientId, signIn.endsAt, now);
  }
  throw oidcError('UnsupportedGrantTypeException');
}

/** RFC 8628, section 3.5, in AWS's error names. */
function redeemDevice(body: JsonObject, directory: Directory, clientId: string, now: number): void {
  const device = directory.devices.get(textOf(body, 'deviceCode'));
  if (device === undefined || device.clientId !== clientId || device.state === 'used') {
    throw oidcError('InvalidGrantException');
  }
  if (now >= device.expiresAt) throw oidcError('ExpiredTokenException');
  const early = now - device.polledAt < device.interval * 1000;
  device.polledAt = now;
  if (early) {
    device.interval += 5;
    throw oidcError('SlowDownException');
  }
  if (device.state === 'denied') throw oidcError('AccessDeniedException');
  if (device.state === 'pending') throw oidcError('AuthorizationPendingException');
  device.state = 'used';
}

function issue(
  directory: Directory,
  client: OidcClient,
  clientId: string,
  endsAt: number,
  now: number,
): JsonObject {
  const accessToken = opaque('aoaAAAAAG');
  const end = client.refreshes ? Math.min(endsAt, now + REFRESHABLE_SECONDS * 1000) : endsAt;
  directory.accessTokens.set(accessToken, end);
  const answer = { accessToken, tokenType: 'Bearer', expiresIn: Math.floor((end - now) / 1000) };
  if (!client.refreshes) return answer;
  const refreshToken = opaque('aorAAAAAG');
  directory.refreshTokens.set(refreshToken, { clientId, endsAt });
  return { ...answer, refreshToken };
}

function findClient(body: JsonObject, directory: Directory, now: number): [string, OidcClient] {
  const id = textOf(body, 'clientId');
  const client = directory.clients.get(id);
  if (client?.secret !== body['clientSecret'] || client === undefined || now >= client.expiresAt) {
    throw oidcError('InvalidClientException');
  }
  return [id, client];
}

function texts(value: unknown): string[] | undefined {
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : undefined;
}

/** `AuthorizationPendingException` is `authorization_pending` in the body. RFC 6749, section 5.2. */
export function oidcWord(code: string): string {
  const words = code.replace(/Exception$/, '').replace(/(?<!^)([A-Z])/g, '_$1');
  return words.toLowerCase();
}

function oidcError(code: string): Error {
  return refusal(code, code === 'InvalidClientException' ? 401 : 400, oidcWord(code));
}
