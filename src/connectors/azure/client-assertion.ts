import { createHash, randomUUID } from 'node:crypto';

import { secret, type Secret } from '../../core/secret.ts';
import { openCertificate } from './certificate.ts';
import type { CertificateKey, EntraApp } from './cloud.ts';

/** Seconds; as Microsoft's own libraries. */
const ASSERTION_SECONDS = 600;

/**
 * What an application proves itself with by its certificate, in the way of Microsoft's libraries but by
 * the machine's clock. `now`: ms since the epoch.
 * https://learn.microsoft.com/entra/identity-platform/certificate-credentials#assertion-format
 */
export async function signAssertion(
  { clientId, certificate }: EntraApp & { readonly certificate: CertificateKey },
  audience: string,
  now: number,
): Promise<Secret> {
  const { key, chain } = openCertificate(certificate.pem, undefined);
  const { SignJWT } = await import('jose');
  const thumbprint = createHash('sha256').update(chain[0].raw).digest('base64url');
  const iat = Math.floor(now / 1000);
  const jwt = await new SignJWT({ jti: randomUUID(), nbf: iat })
    .setProtectedHeader({
      alg: 'PS256',
      typ: 'JWT',
      'x5t#S256': thumbprint,
      ...(certificate.sendChain ? { x5c: chain.map(({ raw }) => raw.toString('base64')) } : {}),
    })
    .setIssuer(clientId)
    .setSubject(clientId)
    .setAudience(audience)
    .setIssuedAt(iat)
    .setExpirationTime(iat + ASSERTION_SECONDS)
    .sign(key);
  return secret(jwt);
}
