import type * as Sdk from '@aws-sdk/client-sso-oidc';
import { z } from 'zod';

import type { Machine } from '../contract.ts';
import { ValetkeyError } from '../../core/errors.ts';
import { secret } from '../../core/secret.ts';
import type { Sso, SsoToken } from './cloud.ts';
import { createHttpHandler, explicitOptions, resolvePlace } from './sdk-options.ts';
import { pollDevice } from './sso-device.ts';
import { mapSsoError } from './sso-errors.ts';
import { SSO_ACCOUNT_SCOPE } from './sso-profile.ts';
import { createRenewal } from './sso-renewal.ts';

const CLIENT_NAME = 'valetkey';
const DEVICE_GRANT = 'urn:ietf:params:oauth:grant-type:device_code'; // RFC 8628, section 3.4
const REFRESH_GRANT = 'refresh_token'; // RFC 6749, section 6

/** Longer than any of these is; a number beyond what a timer or a date can hold would be none at all. */
const Seconds = z
  .number()
  .positive()
  .max(10 * 366 * 86_400);
const PAUSE_MAX_SECONDS = 3600;
/** ms since the epoch, to the end of the year 9999, which is as far as RFC 3339 goes. */
const INSTANT_MAX_MS = 253_402_300_799_000;

const Registration = z.object({
  clientId: z.string().min(1),
  clientSecret: z.string().min(1),
  /** Seconds since the epoch. */
  clientSecretExpiresAt: z
    .number()
    .positive()
    .max(INSTANT_MAX_MS / 1000),
});
/** A person is sent there: nothing but a page of the web. */
const WebPage = z.url({ protocol: /^https?$/ });
const Device = z.object({
  deviceCode: z.string().min(1),
  userCode: z.string().min(1),
  verificationUri: WebPage.optional(),
  verificationUriComplete: WebPage.optional(),
  /** Seconds, like `interval`. */
  expiresIn: Seconds,
  interval: z.number().positive().max(PAUSE_MAX_SECONDS).optional(),
});
const Token = z.object({
  accessToken: z.string().min(1),
  refreshToken: z.string().min(1).optional(),
  /** Seconds. */
  expiresIn: Seconds,
});
const RoleAnswer = z.object({
  roleCredentials: z.object({
    accessKeyId: z.string().min(1),
    secretAccessKey: z.string().min(1),
    sessionToken: z.string().min(1),
    /** ms since the epoch. */
    expiration: z.number().positive().max(INSTANT_MAX_MS),
  }),
});

type Send = (
  client: Sdk.SSOOIDCClient,
  sdk: typeof Sdk,
  options: { readonly abortSignal: AbortSignal },
) => Promise<unknown>;

/**
 * IAM Identity Center by its two services, neither of which is signed.
 * https://docs.aws.amazon.com/singlesignon/latest/OIDCAPIReference/Welcome.html
 * https://docs.aws.amazon.com/singlesignon/latest/PortalAPIReference/Welcome.html
 */
export function createSso(machine: Machine): Sso {
  const { clock, env } = machine;
  const handler = createHttpHandler(env);

  async function options(region: string, variable: string) {
    const place = resolvePlace(env, { region }, variable);
    return { ...explicitOptions(env, place, undefined), requestHandler: await handler() };
  }

  async function answerOf<T>(
    shape: z.ZodType<T>,
    signal: AbortSignal,
    send: () => Promise<unknown>,
  ): Promise<T> {
    signal.throwIfAborted();
    try {
      const parsed = shape.safeParse(await send());
      if (parsed.success) return parsed.data;
      throw new ValetkeyError('UPSTREAM_MALFORMED', { cause: parsed.error });
    } catch (error) {
      throw mapSsoError(error, clock.now(), signal);
    }
  }

  const oidc = <T>(region: string, shape: z.ZodType<T>, signal: AbortSignal, send: Send) =>
    answerOf(shape, signal, async () => {
      const sdk = await import('@aws-sdk/client-sso-oidc');
      const client = new sdk.SSOOIDCClient(await options(region, 'AWS_ENDPOINT_URL_SSO_OIDC'));
      return await send(client, sdk, { abortSignal: signal });
    });

  function createToken(
    region: string,
    { clientId, clientSecret }: ClientSecrets,
    grant: { readonly grantType: string } & Partial<Sdk.CreateTokenCommandInput>,
    signal: AbortSignal,
  ): Promise<z.infer<typeof Token>> {
    const input = { ...grant, clientId, clientSecret: clientSecret.reveal() };
    return oidc(region, Token, signal, (service, sdk, http) =>
      service.send(new sdk.CreateTokenCommand(input), http),
    );
  }

  /** Not stopped by a caller's signal: the refresh token is spent once the request is out. */
  const renewal = createRenewal(async (token, region) => {
    const refreshToken = token.refreshToken?.reveal();
    if (refreshToken === undefined || token.clientSecretExpiresAt <= clock.now()) {
      throw new ValetkeyError('LOGIN_REQUIRED', { reason: 'the sign-in cannot be renewed' });
    }
    const { signal } = new AbortController();
    const grant = { grantType: REFRESH_GRANT, refreshToken };
    const answer = await createToken(region, token, grant, signal);
    return tokenOf(answer, token, clock.now());
  }, clock);

  return {
    async startDevice({ startUrl, region, scopes = [SSO_ACCOUNT_SCOPE] }, signal) {
      const registered = await oidc(region, Registration, signal, (service, sdk, http) => {
        const grantTypes = [DEVICE_GRANT, REFRESH_GRANT];
        const client = { clientName: CLIENT_NAME, clientType: 'public', scopes: [...scopes] };
        return service.send(new sdk.RegisterClientCommand({ ...client, grantTypes }), http);
      });
      const { clientId, clientSecret } = registered;
      const device = await oidc(region, Device, signal, (service, sdk, http) => {
        const input = { clientId, clientSecret, startUrl };
        return service.send(new sdk.StartDeviceAuthorizationCommand(input), http);
      });
      const client: ClientSecrets = {
        clientId,
        clientSecret: secret(clientSecret),
        clientSecretExpiresAt: registered.clientSecretExpiresAt * 1000,
      };
      const expiresAt = clock.now() + device.expiresIn * 1000;
      const grant = { grantType: DEVICE_GRANT, deviceCode: device.deviceCode };
      return {
        url: device.verificationUriComplete ?? device.verificationUri ?? startUrl,
        userCode: device.userCode,
        expiresAt,
        async poll(until) {
          const ask = (stop: AbortSignal) => createToken(region, client, grant, stop);
          const { interval } = device;
          const answer = await pollDevice({ clock, interval, expiresAt, ask }, until);
          return tokenOf(answer, client, clock.now());
        },
      };
    },
    async refresh(token, region, signal) {
      signal.throwIfAborted();
      return await renewal(token, region);
    },
    async roleCredentials({ region, accountId, roleName, accessToken }, signal) {
      const { roleCredentials } = await answerOf(RoleAnswer, signal, async () => {
        const sdk = await import('@aws-sdk/client-sso');
        const client = new sdk.SSOClient(await options(region, 'AWS_ENDPOINT_URL_SSO'));
        const input = { accountId, roleName, accessToken: accessToken.reveal() };
        const command = new sdk.GetRoleCredentialsCommand(input);
        return await client.send(command, { abortSignal: signal });
      });
      const { expiration: expiresAt, ...keys } = roleCredentials;
      return { kind: 'aws-session', ...keys, issuedAt: clock.now(), expiresAt, accountId };
    },
  };
}

type ClientSecrets = Pick<SsoToken, 'clientId' | 'clientSecret' | 'clientSecretExpiresAt'>;

/** A refresh may bring no new refresh token; the old one stays good then. */
function tokenOf(
  answer: z.infer<typeof Token>,
  before: ClientSecrets & { readonly refreshToken?: SsoToken['refreshToken'] },
  now: number,
): SsoToken {
  const { refreshToken } = answer;
  return {
    accessToken: secret(answer.accessToken),
    refreshToken: refreshToken === undefined ? before.refreshToken : secret(refreshToken),
    clientId: before.clientId,
    clientSecret: before.clientSecret,
    clientSecretExpiresAt: before.clientSecretExpiresAt,
    expiresAt: now + answer.expiresIn * 1000,
  };
}
