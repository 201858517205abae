import { expect } from 'vitest';

import type { IssuedToken } from '../../src/stand-ins/azure/tokens.ts';
import type { AzureBed } from '../beds/azure.ts';
import type { Outcome } from '../beds/process.ts';
import { answer } from './clients.ts';
import type { Service } from './harness.ts';

/** What Entra knows of an access token that a client shows: live and signed by it, or the test fails. */
export function liveToken({ azure }: Pick<AzureBed, 'azure'>, text: unknown): IssuedToken {
  const found = azure.tokens.judge(String(text).trim(), Date.now());
  if (typeof found === 'string')
    throw new Error(`no live token of Entra’s (${found}): ${String(text)}`);
  return found;
}

/** The client has a live token of the bed's application for that audience. */
export function expectToken(bed: AzureBed, outcome: Outcome, audience: string): IssuedToken {
  const { token, expiresAt } = answer(outcome);
  const live = liveToken(bed, token);
  expect(live).toMatchObject({ audience, principal: { clientId: bed.app.clientId } });
  if (expiresAt !== undefined)
    expect(Math.abs(Number(expiresAt) - live.expiresAt)).toBeLessThan(3_000);
  return live;
}

/** How many requests the daemon has had, answered or refused. */
export async function requestsTo(daemon: Service): Promise<number> {
  const lines = (await daemon.metrics()).matchAll(/^valetkey_requests_total\{[^}]*\} (\d+)$/gm);
  return [...lines].reduce((sum, [, count]) => sum + Number(count), 0);
}
