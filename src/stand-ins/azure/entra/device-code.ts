import { randomBytes, randomInt } from 'node:crypto';
import type { JsonObject } from '../../google/json.ts';
import { readForm } from '../form.ts';
import type { Form } from '../form.ts';
import { nameOf } from '../principals.ts';
import { jsonReply } from '../reply.ts';
import type { Route, Visit } from '../service.ts';
import type { UserState } from '../users.ts';
import type { World } from '../world.ts';
import { oauthRefusal } from './aadsts.ts';
import { appOf } from './client-authentication.ts';
import { clientProof, personAnswer, personTenant } from './refresh.ts';
import { SHARED, tenantOf } from './tenant.ts';

/** Seconds. https://learn.microsoft.com/entra/identity-platform/v2-oauth2-device-code */
const LIFETIME = 900;
const INTERVAL = 5;

interface Pending {
  readonly userCode: string;
  readonly clientId: string;
  readonly scope: string;
  expiresAt: number;
  polledAt: number;
  answer: 'waiting' | 'denied' | 'used' | UserState;
}

/** What a person does at microsoft.com/devicelogin, by the code on the screen. */
export interface DeviceCodes {
  confirm(userCode: string, upn: string): void;
  deny(userCode: string): void;
  expire(userCode: string): void;
  /** User codes nobody has answered yet, oldest first. */
  waiting(): readonly string[];
  /** The token endpoint's part. */
  poll(form: Form, segment: string, visit: Visit): JsonObject;
  readonly route: Route;
}

export function createDeviceCodes(world: World): DeviceCodes {
  const pending = new Map<string, Pending>();
  const find = (userCode: string): Pending => {
    const found = [...pending.values()].find((one) => one.userCode === userCode);
    if (found === undefined) throw new Error(`no device code goes with ${userCode}`);
    return found;
  };

  const start = (form: Form, segment: string, now: number): JsonObject => {
    const clientId = form.require('client_id');
    const tenant = SHARED.has(segment.toLowerCase()) ? undefined : tenantOf(world, segment);
    if (world.directory.findApp(clientId) === undefined) {
      // Microsoft's own clients are nobody's app; anything else is unknown.
      if (!world.directory.isPublicClient(clientId)) {
        const text = `Application with identifier '${clientId}' was not found in the directory '${segment}'.`;
        throw oauthRefusal(700016, text);
      }
    } else if (tenant !== undefined) appOf(world, clientId, tenant);
    const scope = form.require('scope');
    const deviceCode = `D${randomBytes(90).toString('base64url')}`;
    const userCode = Array.from({ length: 9 }, () => LETTERS[randomInt(LETTERS.length)]).join('');
    const expiresAt = now + LIFETIME * 1000;
    const polledAt = Number.NEGATIVE_INFINITY;
    pending.set(deviceCode, { userCode, clientId, scope, expiresAt, polledAt, answer: 'waiting' });
    return {
      user_code: userCode,
      device_code: deviceCode,
      verification_uri: 'https://microsoft.com/devicelogin',
      expires_in: LIFETIME,
      interval: INTERVAL,
      message: `To sign in, use a web browser to open the page https://microsoft.com/devicelogin and enter the code ${userCode} to authenticate.`,
    };
  };

  return {
    confirm(userCode, upn) {
      const user = world.directory.findUser(upn);
      if (user === undefined) throw new Error(`no user ${upn}`);
      find(userCode).answer = user;
    },
    deny: (userCode) => void (find(userCode).answer = 'denied'),
    expire: (userCode) => void (find(userCode).expiresAt = 0),
    waiting: () =>
      [...pending.values()]
        .filter(({ answer }) => answer === 'waiting')
        .map(({ userCode }) => userCode),

    poll(form, segment, visit) {
      const clientId = form.require('client_id');
      const found = pending.get(form.require('device_code'));
      if (
        found === undefined ||
        found.answer === 'used' ||
        found.clientId.toLowerCase() !== clientId.toLowerCase()
      ) {
        throw oauthRefusal(70018, 'The device_code is not recognized.');
      }
      if (found.expiresAt <= visit.now) {
        throw oauthRefusal(
          70020,
          "The provided value for the input parameter 'device_code' is not valid. This device code has expired.",
        );
      }
      if (found.answer === 'denied') {
        throw oauthRefusal(70017, 'The end user denied the authorization request.');
      }
      const early = visit.now - found.polledAt < INTERVAL * 1000;
      found.polledAt = visit.now;
      if (found.answer === 'waiting') {
        if (early) throw oauthRefusal(1002033, 'The client polls more often than every 5 seconds.');
        throw oauthRefusal(
          70016,
          'OAuth 2.0 device flow error. Authorization is pending. Continue polling.',
        );
      }
      const owner = found.answer;
      const tenant = personTenant(world, segment, owner);
      const proof = clientProof(world, clientId, form, tenant, visit);
      visit.principal = nameOf(owner.principal);
      const answer = personAnswer(world, owner, {
        clientId,
        proof,
        scope: found.scope,
        via: 'entra:device-token',
        tenant,
        visit,
        offline: false,
        info: form.get('client_info') === '1',
      });
      found.answer = 'used';
      return answer;
    },

    route: {
      service: 'entra',
      method: 'POST',
      path: /^\/([^/]+)\/oauth2\/v2\.0\/devicecode\/?$/,
      name: () => 'device-code',
      run: ({ request, visit, params: [segment = ''] }) =>
        jsonReply(start(readForm(request), segment, visit.now)),
    },
  };
}

/** As Microsoft's codes: letters and digits that look like no other. */
const LETTERS = 'ABCDEFGHJKLMNPQRSTUVWXYZ23456789';
