import { X509Certificate } from 'node:crypto';
import { textsOf } from '../../google/json.ts';
import type { AppState } from '../apps.ts';
import type { Tenant } from '../directory.ts';
import { signatureFits } from '../jwt.ts';
import type { DecodedJwt } from '../jwt.ts';
import type { World } from '../world.ts';
import { oauthRefusal } from './aadsts.ts';
import { checkTimes, malformed } from './assertion.ts';
import { isAuthority } from './authority.ts';

/**
 * An assertion that the app signed with a certificate of its own.
 * https://learn.microsoft.com/entra/identity-platform/certificate-credentials
 */
export function checkCertificateAssertion(
  world: World,
  app: AppState,
  jwt: DecodedJwt,
  tenant: Tenant,
  now: number,
): void {
  const { clientId } = app.app;
  const { iss, sub, jti, aud } = jwt.claims;
  if (typeof jti !== 'string' || jti === '') throw malformed("the 'jti' claim is missing");
  if (iss !== clientId || sub !== clientId) {
    throw oauthRefusal(
      700021,
      "Client assertion application identifier doesn't match 'client_id' parameter.",
    );
  }
  const certificate = signerOf(app, jwt);
  if (!signatureFits(jwt, certificate.publicKey)) {
    throw unsigned(
      app,
      certificate,
      'The provided signature value did not match the expected signature value.',
    );
  }
  if (Date.parse(certificate.validTo) <= now) {
    throw unsigned(app, certificate, 'The key used is expired.');
  }
  if (typeof aud !== 'string' || !isOurAudience(world, aud, tenant)) {
    throw oauthRefusal(
      700023,
      `Client assertion audience claim does not match Realm issuer. Review the documentation at https://learn.microsoft.com/entra/identity-platform/certificate-credentials.`,
    );
  }
  checkTimes(jwt, now);
}

/** By thumbprint; or by subject name and issuer, when the chain is sent along. */
function signerOf(app: AppState, { header }: DecodedJwt): X509Certificate {
  const sha1 = thumbprint(header['x5t']);
  const sha256 = thumbprint(header['x5t#S256']);
  const chain = (textsOf(header['x5c']) ?? []).map(readCertificate);
  const [leaf] = chain;
  if (header['x5c'] !== undefined && leaf === undefined) throw malformed("'x5c' is no list");
  const named = (one: X509Certificate): boolean =>
    (sha1 === undefined || hex(one.fingerprint) === sha1) &&
    (sha256 === undefined || hex(one.fingerprint256) === sha256) &&
    (leaf === undefined || hex(one.fingerprint256) === hex(leaf.fingerprint256));
  if (sha1 === undefined && sha256 === undefined && leaf === undefined) {
    throw malformed('no certificate thumbprint specified in token header');
  }
  const registered = [...app.certificates.values()].find(named);
  if (registered !== undefined) return registered;
  if (leaf !== undefined && named(leaf) && isTrusted(app, leaf, chain)) return leaf;
  throw unsigned(app, undefined, 'The key was not found.', sha1 ?? sha256);
}

function isTrusted(
  app: AppState,
  leaf: X509Certificate,
  chain: readonly X509Certificate[],
): boolean {
  return app.subjects.some(({ commonName, issuer }) => {
    if (!leaf.subject.split('\n').includes(`CN=${commonName}`)) return false;
    const up = [leaf, ...chain.slice(1)];
    const linked = up.every((one, at) => {
      const above = up[at + 1] ?? issuer;
      return one.verify(above.publicKey) || one.fingerprint256 === issuer.fingerprint256;
    });
    return linked;
  });
}

/** base64url as RFC 7515 writes it, in upper-case hex; MSAL .NET of old wrote padding. */
function thumbprint(value: unknown): string | undefined {
  if (value === undefined) return undefined;
  if (typeof value !== 'string' || !/^[\w-]+$/.test(value)) {
    throw malformed('the thumbprint in the header is no base64url text');
  }
  return Buffer.from(value, 'base64url').toString('hex').toUpperCase();
}

const hex = (fingerprint: string): string => fingerprint.replaceAll(':', '');

function readCertificate(base64: string): X509Certificate {
  try {
    return new X509Certificate(Buffer.from(base64, 'base64'));
  } catch {
    throw malformed("'x5c' holds something that is no certificate");
  }
}

/** The token endpoint, or the tenant's issuer, under any name of the tenant. */
function isOurAudience(world: World, aud: string, tenant: Tenant): boolean {
  const url = URL.parse(aud);
  if (url === null || !isAuthority(world, url.origin)) return false;
  const found = /^\/([^/]+)\/(?:v2\.0|oauth2\/v2\.0\/token)$/.exec(url.pathname);
  return found?.[1] !== undefined && world.directory.findTenant(found[1])?.id === tenant.id;
}

function unsigned(
  app: AppState,
  certificate: X509Certificate | undefined,
  reason: string,
  used = certificate === undefined ? '' : hex(certificate.fingerprint),
): Error {
  const found =
    certificate === undefined
      ? ''
      : `, Found key 'Start=${certificate.validFrom}, End=${certificate.validTo}'`;
  return oauthRefusal(
    700027,
    `The certificate with identifier used to sign the client assertion is not registered on application. [Reason - ${reason}, Thumbprint of key used by client: '${used}'${found}, Please visit the Azure Portal, Graph Explorer or directly use MS Graph to see configured keys for app Id '${app.app.clientId}'.]`,
  );
}
