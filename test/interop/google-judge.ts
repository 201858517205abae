import { createLocalJWKSet, jwtVerify } from 'jose';
import { expect } from 'vitest';

import type { IssuedToken } from '../../src/stand-ins/google/tokens.ts';
import type { GoogleBed } from '../beds/google.ts';
import type { Outcome } from '../beds/process.ts';
import { answer } from './clients.ts';

/** Google's own issuer of identity tokens. https://cloud.google.com/docs/authentication/token-types#id */
const ISSUER = 'https://accounts.google.com';

/** What Google knows of an access token that a client shows: live, or the test fails. */
export function liveToken({ google }: GoogleBed, text: unknown): IssuedToken {
  const found = google.tokens.live(String(text).trim(), Date.now());
  if (found === undefined) throw new Error(`no live token of Google’s: ${String(text)}`);
  return found;
}

/** The same of the token in a client program’s answer. */
export function tokenOf(bed: GoogleBed, outcome: Outcome): IssuedToken {
  const { token, error, message } = answer(outcome);
  if (token === undefined) throw new Error(`${String(error)}: ${String(message)}`);
  return liveToken(bed, token);
}

/** The claims of an identity token whose signature, issuer, audience and time are right. */
export async function identityClaims(bed: GoogleBed, token: unknown, audience: string) {
  const keys = createLocalJWKSet(await bed.identityKeys());
  const { payload } = await jwtVerify(String(token).trim(), keys, { issuer: ISSUER, audience });
  return payload;
}

/** E-mail of the service account behind a token. */
export function emailOf({ principal }: IssuedToken): string {
  return principal.kind === 'federated' ? principal.subject : principal.email;
}

/** A client was refused by the storage, and not by anything before it. */
export function expectDenied(outcome: Outcome): void {
  expect(answer(outcome)).toMatchObject({ error: 'AccessDenied' });
  expect(outcome.status).toBe(3);
}
