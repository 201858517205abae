import { z } from 'zod';

import { ValetkeyError } from '../../core/errors.ts';
import type { Machine } from '../contract.ts';
import { checked, personToken, seconds, token } from './answers.ts';
import type { Entra, EntraApp, AzurePlace, PersonToken } from './cloud.ts';
import { saidBy } from './entra-errors.ts';
import { armAudience, defaultScope } from './environments.ts';
import { postChecked, postForm, refusalOf } from './token-endpoint.ts';
import type { Send } from './transport.ts';

const DEVICE_GRANT = 'urn:ietf:params:oauth:grant-type:device_code'; // RFC 8628 section 3.4
/** A refresh token, and an identity token that tells who the person is. */
const LOGIN_SCOPES = 'openid profile offline_access';
const SLOWER_SECONDS = 5; // RFC 8628 section 3.5

const Device = z.object({
  device_code: token,
  user_code: z.string().regex(/^[\x21-\x7e]{1,64}$/),
  verification_uri: z.url({ protocol: /^https$/ }),
  expires_in: seconds,
  interval: z.coerce.number().positive().max(300).catch(5),
});

/**
 * People, by OAuth itself: Microsoft's library logs them in too, but keeps the refresh token in a cache
 * of its own, which is either lost with the process or a file that is not ours to protect.
 * https://learn.microsoft.com/entra/identity-platform/v2-oauth2-device-code
 */
export function createPersonLogins(
  send: Send,
  { clock }: Machine,
): Pick<Entra, 'refresh' | 'startDevice'> {
  return {
    async refresh({ tenantId, clientId, refreshToken }, ask, place, signal) {
      const form = new URLSearchParams({
        client_id: clientId,
        grant_type: 'refresh_token',
        refresh_token: refreshToken.reveal(),
        scope: `${ask.scope} ${LOGIN_SCOPES}`,
      });
      const call = { tenantId: ask.tenantId ?? tenantId, form, place, signal };
      return personToken(await postChecked(send, 'token', call));
    },

    async startDevice(app, place, signal) {
      const scope = `${defaultScope(armAudience(place.environment))} ${LOGIN_SCOPES}`;
      const form = new URLSearchParams({ client_id: app.clientId, scope });
      const call = { tenantId: app.tenantId, form, place, signal };
      const answer = await postChecked(send, 'devicecode', call);
      const device = checked(Device, answer.text);
      const expiresAt = answer.askedAt + device.expires_in * 1000;
      return {
        url: device.verification_uri,
        userCode: device.user_code,
        expiresAt,
        poll: (until) => poll({ ...device, expiresAt }, app, place, until),
      };
    },
  };

  async function poll(
    device: { device_code: string; interval: number; expiresAt: number },
    { tenantId, clientId }: EntraApp,
    place: AzurePlace,
    signal: AbortSignal,
  ): Promise<PersonToken> {
    const { device_code, expiresAt } = device;
    const form = new URLSearchParams({
      client_id: clientId,
      grant_type: DEVICE_GRANT,
      device_code,
    });
    let wait = device.interval;
    for (;;) {
      await clock.sleep(wait * 1000, signal);
      if (clock.now() >= expiresAt) {
        throw new ValetkeyError('LOGIN_REQUIRED', { reason: 'the code was not confirmed in time' });
      }
      const answer = await postForm(send, 'token', { tenantId, form, place, signal }).catch(
        unlessTransient,
      );
      if (answer === undefined) continue;
      if (answer.status === 200) return personToken(answer);
      const error = saidBy(answer.text)?.error;
      if (error === 'slow_down') wait += SLOWER_SECONDS;
      else if (error !== 'authorization_pending') unlessTransient(refusalOf(answer, form));
    }
  }
}

/** What passes ends no login: the person is still at it. */
function unlessTransient(error: unknown): undefined {
  if (error instanceof ValetkeyError && TRANSIENT.has(error.code)) return undefined;
  throw error;
}

const TRANSIENT: ReadonlySet<string> = new Set(['UPSTREAM_UNAVAILABLE', 'UPSTREAM_THROTTLED']);
