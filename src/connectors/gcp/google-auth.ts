import type * as Library from 'google-auth-library';

import { ValetkeyError } from '../../core/errors.ts';
import type { Machine } from '../contract.ts';
import { oauthIdToken, oauthToken } from './answers.ts';
import type { GoogleAuth, ServiceAccountKey } from './cloud.ts';
import { ASSERTION_SECONDS, createTokenServices } from './token-services.ts';
import { createTransport, type GoogleAnswer, type GoogleCall, type Send } from './transport.ts';

type Lib = typeof Library;
type Gaxios = InstanceType<Lib['gaxios']['Gaxios']>;

const KEY_HINT =
  'the key was deleted or disabled, or its account was: make a new key and store it with valetkey connector update';
const PERSON_HINT =
  'the consent was revoked or has expired: gcloud auth application-default login, then valetkey connector update';
const CONSENT_HINT =
  'a scope was not consented to: log in again with gcloud auth application-default login --scopes=…, or list what was consented to as the connector’s scopes';

/**
 * Google's token services by Google's library, which is loaded at the first call that needs it, and by
 * our own hand where it falls short (`token-services.ts`). All of it leaves by one transport.
 */
export function createGoogleAuth(machine: Machine): GoogleAuth {
  const { clock } = machine;
  const send = createTransport(machine);
  const now = () => clock.now();

  return {
    ...createTokenServices(send, now),

    async keyToken(key, { scopes, subject }, place, signal) {
      const call = { place, signal, hints: { invalid_grant: KEY_HINT } };
      const answer = await byLibrary(send, call, (library, transporter) =>
        new library.JWT({
          ...signerOf(key),
          scopes: [...scopes],
          ...(subject === undefined ? {} : { subject }),
          additionalClaims: lifetimeFrom(now()),
          transporter,
        }).authorize(),
      );
      return oauthToken(answer, scopes);
    },

    async keyIdToken(key, audience, place, signal) {
      const call = { place, signal, hints: { invalid_grant: KEY_HINT } };
      const answer = await byLibrary(send, call, (library, transporter) =>
        new library.JWT({
          ...signerOf(key),
          additionalClaims: { target_audience: audience, ...lifetimeFrom(now()) },
          transporter,
        }).authorize(),
      );
      return oauthIdToken(answer, audience);
    },

    async userToken(user, scopes, place, signal) {
      const hints = { invalid_grant: PERSON_HINT, invalid_scope: CONSENT_HINT };
      // RFC 6749 section 6: the library always asks for all that was consented to.
      const extra = scopes === undefined ? {} : { scope: scopes.join(' ') };
      const answer = await byLibrary(
        send,
        { place, signal, hints },
        (library, transporter) =>
          new library.UserRefreshClient({
            clientId: user.clientId,
            clientSecret: user.clientSecret.reveal(),
            refreshToken: user.refreshToken.reveal(),
            transporter,
          }).getAccessToken(),
        extra,
      );
      return oauthToken(answer, scopes ?? []);
    },
  };
}

function signerOf({ clientEmail, privateKey, privateKeyId }: ServiceAccountKey) {
  return {
    email: clientEmail,
    key: privateKey.reveal(),
    ...(privateKeyId === undefined ? {} : { keyId: privateKeyId }),
  };
}

/** Claims that stand in place of the library's own, which are of the process's clock. */
function lifetimeFrom(now: number) {
  const iat = Math.floor(now / 1000);
  return { iat, exp: iat + ASSERTION_SECONDS };
}

/**
 * What the token endpoint answered to the one request that `run` makes the library send. The answer
 * is taken here, not from the library: that computes expiries by the process's clock.
 */
async function byLibrary(
  send: Send,
  call: Pick<GoogleCall, 'place' | 'signal' | 'hints'>,
  run: (library: Lib, transporter: Gaxios) => Promise<unknown>,
  extra: Readonly<Record<string, string>> = {},
): Promise<GoogleAnswer> {
  call.signal.throwIfAborted();
  const library = await import('google-auth-library');
  const answers: GoogleAnswer[] = [];
  const post = async (form: unknown): Promise<GoogleAnswer> => {
    if (!(form instanceof URLSearchParams) || answers.length > 0) {
      throw new ValetkeyError('INTERNAL', { reason: 'the library asks for something unexpected' });
    }
    for (const [name, value] of Object.entries(extra)) form.set(name, value);
    const answer = await send({ ...call, url: ({ token }) => token, body: form });
    answers.push(answer);
    return answer;
  };
  try {
    await run(library, transporterTo(library, post));
  } catch (error) {
    // What it finds wrong with an answer is found again by our own check, and told better.
    if (answers.length === 0) throw error;
  }
  const [answer] = answers;
  if (answer === undefined) throw new ValetkeyError('INTERNAL', { reason: 'nothing was asked' });
  return answer;
}

/** As the library knows it, without its retries, its connections, and its look at the process's variables. */
function transporterTo(library: Lib, post: (form: unknown) => Promise<GoogleAnswer>): Gaxios {
  const transporter = new library.gaxios.Gaxios();
  transporter.request = async (options = {}) => {
    const { data } = await post(options.data);
    const config = {
      ...options,
      url: new URL('https://oauth2.googleapis.com/token'),
      headers: new Headers(),
    };
    // A copy: the library takes away what it has read.
    return Object.assign(new Response(), { config, data: structuredClone(data) as never });
  };
  return transporter;
}
