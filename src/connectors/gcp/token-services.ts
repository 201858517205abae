import type { Secret } from '../../core/secret.ts';
import { secret } from '../../core/secret.ts';
import { toValetkeyError, ValetkeyError } from '../../core/errors.ts';
import {
  impersonatedIdToken,
  impersonatedToken,
  narrowedToken,
  oauthToken,
  signedJwt,
} from './answers.ts';
import type {
  AccessBoundaryRule,
  BearerToken,
  Federation,
  GcpPlace,
  GoogleAuth,
  Impersonation,
  ServiceAccountKey,
} from './cloud.ts';
import { boundaryOptions } from './scope.ts';
import type { GoogleCall, Send } from './transport.ts';

/*
 * What google-auth-library cannot do for us. It has no signJwt, no impersonation on behalf of a user,
 * no narrower scopes for a person's token, and signs by the process's clock. Its clients of STS open
 * connections of their own by the process's variables, and forget the expiry of a narrowed token; the
 * one for impersonation writes a warning to the console each time.
 */

const ACCESS_TOKEN = 'urn:ietf:params:oauth:token-type:access_token';
const TOKEN_EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange';
const JWT_BEARER = 'urn:ietf:params:oauth:grant-type:jwt-bearer';
/** What an assertion names as its audience, wherever it is sent. https://google.aip.dev/auth/4112 */
const TOKEN_AUDIENCE = 'https://oauth2.googleapis.com/token';
/** Seconds; Google accepts no longer ones. */
export const ASSERTION_SECONDS = 3600;

const SUBJECT_TOKEN_HINT =
  'check the identity token: its issuer, audience and lifetime, and the provider’s attribute condition';

const LIFETIME_HINT =
  'check the scopes and the lifetime: for more than an hour the organisation policy constraints/iam.allowServiceAccountCredentialLifetimeExtension has to list the account';

export type TokenServices = Pick<
  GoogleAuth,
  | 'selfSignedToken'
  | 'federatedToken'
  | 'impersonate'
  | 'impersonatedIdToken'
  | 'proveToken'
  | 'downscope'
>;

/** `now`: ms since the epoch, by the clock that also decides when tokens expire. */
export function createTokenServices(send: Send, now: () => number): TokenServices {
  const iam = (
    method: string,
    source: Secret,
    { target, delegates }: Impersonation,
    body: Readonly<Record<string, unknown>>,
    rest: Pick<GoogleCall, 'place' | 'signal'>,
  ) =>
    send({
      url: ({ iamCredentials }) =>
        `${iamCredentials}/v1/projects/-/serviceAccounts/${pathSegment(target)}:${method}`,
      body: { ...body, delegates: delegates.map((one) => `projects/-/serviceAccounts/${one}`) },
      bearer: source,
      hints: {
        UNAUTHENTICATED: 'the token of the identity that impersonates is not accepted',
        INVALID_ARGUMENT: LIFETIME_HINT,
      },
      ...rest,
    });

  return {
    async selfSignedToken(key, scopes) {
      const issued = Math.floor(now() / 1000);
      const jwt = await sign(key, { scope: scopes.join(' ') }, key.clientEmail, issued);
      const expiresAt = (issued + ASSERTION_SECONDS) * 1000;
      return { token: secret(jwt), expiresAt, scopes, selfSigned: true };
    },

    async federatedToken(federation, scopes, place, signal) {
      const answer = await send({
        url: ({ sts }) => `${sts}/v1/token`,
        body: form({
          grant_type: TOKEN_EXCHANGE,
          audience: federation.audience,
          scope: scopes.join(' '),
          requested_token_type: ACCESS_TOKEN,
          subject_token: federation.subjectToken.reveal(),
          subject_token_type: federation.subjectTokenType,
          options: federationOptions(federation),
        }),
        headers: clientAuthentication(federation),
        hints: { invalid_grant: SUBJECT_TOKEN_HINT, access_denied: SUBJECT_TOKEN_HINT },
        place,
        signal,
      });
      return oauthToken(answer, scopes);
    },

    async impersonate(source, { scopes, seconds, subject, ...who }, place, signal) {
      const rest = { place, signal };
      if (subject === undefined) {
        const body = { scope: scopes, lifetime: `${seconds}s` };
        const answer = await iam('generateAccessToken', source, who, body, rest);
        return impersonatedToken(answer, { scopes, seconds });
      }
      const iat = Math.floor(now() / 1000);
      const claims = {
        iss: who.target,
        sub: subject,
        scope: scopes.join(' '),
        aud: TOKEN_AUDIENCE,
        iat,
        exp: iat + ASSERTION_SECONDS,
      };
      const payload = JSON.stringify(claims);
      const assertion = signedJwt(await iam('signJwt', source, who, { payload }, rest));
      const answer = await send({
        url: ({ token }) => token,
        body: form({ grant_type: JWT_BEARER, assertion }),
        ...rest,
      });
      return oauthToken(answer, scopes);
    },

    async impersonatedIdToken(source, { audience, ...who }, place, signal) {
      const body = { audience, includeEmail: true };
      const answer = await iam('generateIdToken', source, who, body, { place, signal });
      return impersonatedIdToken(answer, audience);
    },

    async proveToken(token, place, signal) {
      const asked = send({
        url: ({ token: endpoint }) => new URL('tokeninfo', endpoint).href,
        body: form({}), // in the header: a query is written into the logs on its way
        bearer: token,
        hints: { invalid_token: 'the stored token has expired or was revoked: store a new one' },
        place,
        signal,
      });
      try {
        await asked;
      } catch (error) {
        // Of a token service of somebody's own only the token URL is known, not what lies beside it.
        const { code } = toValetkeyError(error);
        if (code !== 'UPSTREAM_INVALID' && code !== 'UPSTREAM_MALFORMED') throw error;
      }
    },

    async downscope(source, rules, place, signal) {
      if (source.selfSigned === true) {
        throw new ValetkeyError('SCOPE_UNSUPPORTED', {
          reason: 'a token that is signed here cannot be exchanged for a narrower one',
        });
      }
      return narrowedToken(await exchangeBoundary(send, source, rules, place, signal), source);
    },
  };
}

/** Without a scope and an audience: those are the source's. */
function exchangeBoundary(
  send: Send,
  source: BearerToken,
  rules: readonly AccessBoundaryRule[],
  place: GcpPlace,
  signal: AbortSignal,
) {
  return send({
    url: ({ sts }) => `${sts}/v1/token`,
    body: form({
      grant_type: TOKEN_EXCHANGE,
      requested_token_type: ACCESS_TOKEN,
      subject_token: source.token.reveal(),
      subject_token_type: ACCESS_TOKEN,
      options: JSON.stringify(boundaryOptions(rules)),
    }),
    hints: {
      invalid_grant:
        'only a token that Google issued, that still lives and has the scope cloud-platform can be narrowed: give the connector that scope among its own',
      invalid_request: 'check the bucket’s name and prefix: Google does not accept the boundary',
    },
    place,
    signal,
  });
}

/** Google takes the client's word over the project's: never both. https://google.aip.dev/auth/4117 */
function federationOptions({ clientId, userProject }: Federation): string | undefined {
  return clientId === undefined && userProject !== undefined
    ? JSON.stringify({ userProject })
    : undefined;
}

function clientAuthentication({ clientId, clientSecret }: Federation): Record<string, string> {
  if (clientId === undefined) return {};
  const pair = `${clientId}:${clientSecret?.reveal() ?? ''}`;
  return { authorization: `Basic ${Buffer.from(pair).toString('base64')}` };
}

/** An e-mail address as Google's own clients write it, and nothing that would end the segment. */
function pathSegment(email: string): string {
  return encodeURIComponent(email).replaceAll('%40', '@');
}

function form(fields: Readonly<Record<string, string | undefined>>): URLSearchParams {
  const entries = Object.entries(fields).filter(
    (entry): entry is [string, string] => entry[1] !== undefined && entry[1] !== '',
  );
  return new URLSearchParams(entries);
}

async function sign(
  key: ServiceAccountKey,
  claims: Readonly<Record<string, string>>,
  subject: string,
  issued: number,
): Promise<string> {
  const [{ SignJWT }, { createPrivateKey }] = await Promise.all([
    import('jose'),
    import('node:crypto'),
  ]);
  const kid = key.privateKeyId === undefined ? {} : { kid: key.privateKeyId };
  return await new SignJWT(claims)
    .setProtectedHeader({ alg: 'RS256', typ: 'JWT', ...kid })
    .setIssuer(key.clientEmail)
    .setSubject(subject)
    .setIssuedAt(issued)
    .setExpirationTime(issued + ASSERTION_SECONDS)
    .sign(createPrivateKey(key.privateKey.reveal()));
}
