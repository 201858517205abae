import { createPublicKey } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { textsOf } from '../../google/json.ts';
import type { AppState, FederatedCredential } from '../apps.ts';
import { signatureFits } from '../jwt.ts';
import type { DecodedJwt } from '../jwt.ts';
import { oauthRefusal } from './aadsts.ts';
import { checkTimes, malformed } from './assertion.ts';

const DEFAULT_AUDIENCE = 'api://AzureADTokenExchange';

/**
 * A token of another issuer in the place of a secret: issuer, subject and audience must be those of
 * one federated credential, case by case. https://learn.microsoft.com/entra/workload-id/workload-identity-federation
 */
export function checkFederatedAssertion(app: AppState, jwt: DecodedJwt, now: number): void {
  const { iss, sub, aud } = jwt.claims;
  if (typeof iss !== 'string' || typeof sub !== 'string') {
    throw malformed("the 'iss' or the 'sub' claim is missing");
  }
  const audiences = typeof aud === 'string' ? [aud] : (textsOf(aud) ?? []);
  const credential = match(app.federated, iss, sub, audiences);
  if (!fits(jwt, credential)) {
    throw oauthRefusal(
      700027,
      "Client assertion contains an invalid signature. [Reason - The key was not found., Please check the issuer's keys.]",
    );
  }
  checkTimes(jwt, now);
}

function match(
  credentials: readonly FederatedCredential[],
  issuer: string,
  subject: string,
  audiences: readonly string[],
): FederatedCredential {
  const link = 'https://learn.microsoft.com/entra/workload-id/workload-identity-federation';
  if (credentials.length === 0) {
    throw oauthRefusal(
      70021,
      `No matching federated identity record found for presented assertion. Assertion Issuer: '${issuer}'. Assertion Subject: '${subject}'. Assertion Audience: '${audiences.join(',')}'. ${link}`,
    );
  }
  const check = `Check your federated identity credential Subject, Audience and Issuer against the presented assertion. ${link}`;
  const ofIssuer = credentials.filter((one) => one.issuer === issuer);
  if (ofIssuer.length === 0) {
    throw oauthRefusal(
      700211,
      `No matching federated identity record found for presented assertion issuer '${issuer}'. ${check}`,
    );
  }
  const forUs = ofIssuer.filter((one) => audiences.includes(one.audience ?? DEFAULT_AUDIENCE));
  if (forUs.length === 0) {
    throw oauthRefusal(
      700212,
      `No matching federated identity record found for presented assertion audience '${audiences.join(',')}'. ${check}`,
    );
  }
  const found = forUs.find((one) => one.subject === subject);
  if (found === undefined) {
    throw oauthRefusal(
      700213,
      `No matching federated identity record found for presented assertion subject '${subject}'. ${check}`,
    );
  }
  return found;
}

function fits(jwt: DecodedJwt, { jwks }: FederatedCredential): boolean {
  const { kid } = jwt.header;
  return jwks.keys
    .filter((key) => kid === undefined || key['kid'] === kid)
    .some((key) => {
      const read = readKey(key);
      return read !== undefined && signatureFits(jwt, read);
    });
}

function readKey(key: FederatedCredential['jwks']['keys'][number]): KeyObject | undefined {
  try {
    return createPublicKey({ key, format: 'jwk' });
  } catch {
    return undefined;
  }
}
