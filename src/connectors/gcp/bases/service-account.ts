import { ValetkeyError } from '../../../core/errors.ts';
import type { Base, GcpPlace, GoogleAuth, ServiceAccountKey } from '../cloud.ts';
import { GOOGLE_UNIVERSE } from '../place.ts';
import { DEFAULT_SCOPES } from '../scopes.ts';

export interface ServiceAccountOptions {
  readonly scopes?: readonly string[] | undefined;
  /** Domain-wide delegation: the person to speak for. */
  readonly subject?: string | undefined;
  readonly selfSigned?: boolean | undefined;
}

/**
 * A service account by its key. In universes other than Google's own the key's tokens are signed here:
 * those have no token endpoint. https://google.aip.dev/auth/4111
 */
export function serviceAccountBase(
  auth: GoogleAuth,
  key: ServiceAccountKey,
  options: ServiceAccountOptions,
  place: GcpPlace,
): Base {
  const signedHere = signsHere(options.selfSigned, place.universeDomain);
  const usual = options.scopes ?? DEFAULT_SCOPES;
  return {
    principal: options.subject ?? key.clientEmail,
    async token(asked, signal) {
      signal.throwIfAborted();
      const scopes = asked ?? usual;
      if (signedHere) return await auth.selfSignedToken(key, scopes);
      return await auth.keyToken(key, { scopes, subject: options.subject }, place, signal);
    },
    async idToken(audience, signal) {
      if (options.subject !== undefined) {
        throw new ValetkeyError('ID_TOKEN_UNSUPPORTED', {
          reason: 'the connector speaks for a person, who has no identity tokens here',
        });
      }
      if (place.universeDomain === GOOGLE_UNIVERSE) {
        return await auth.keyIdToken(key, audience, place, signal);
      }
      const { token } = await auth.selfSignedToken(key, DEFAULT_SCOPES);
      const ask = { target: key.clientEmail, delegates: [], audience };
      return await auth.impersonatedIdToken(token, ask, place, signal);
    },
  };
}

/** Are this connector's tokens signed here, and so never to be exchanged for narrower ones? */
export function signsHere(selfSigned: boolean | undefined, universeDomain: string): boolean {
  return selfSigned === true || universeDomain !== GOOGLE_UNIVERSE;
}
