import { AADSTS } from '../../../src/connectors/azure/entra-codes.ts';
import type { ErrorCode } from '../../../src/core/errors.ts';

interface Said {
  readonly status?: number;
  readonly hint: unknown;
}

/** Section 5.3 of the reference, by hand; and that nothing else is done for the numbers beside it. */
const SECTION_5_3: Readonly<Record<number, ErrorCode>> = {
  7000215: 'UPSTREAM_BAD_CREDENTIAL',
  7000222: 'UPSTREAM_BAD_CREDENTIAL',
  700016: 'UPSTREAM_BAD_CREDENTIAL',
  7000112: 'UPSTREAM_BAD_CREDENTIAL',
  700027: 'UPSTREAM_BAD_CREDENTIAL',
  700024: 'UPSTREAM_CLOCK_SKEW',
  70021: 'UPSTREAM_BAD_CREDENTIAL',
  700211: 'UPSTREAM_BAD_CREDENTIAL',
  700212: 'UPSTREAM_BAD_CREDENTIAL',
  700213: 'UPSTREAM_BAD_CREDENTIAL',
  90002: 'UPSTREAM_INVALID',
  500011: 'UPSTREAM_INVALID',
  50001: 'UPSTREAM_INVALID',
  70011: 'UPSTREAM_INVALID',
  1002012: 'UPSTREAM_INVALID',
  65001: 'UPSTREAM_DENIED',
  50034: 'UPSTREAM_BAD_CREDENTIAL',
  50126: 'UPSTREAM_BAD_CREDENTIAL',
  50076: 'LOGIN_REQUIRED',
  50079: 'LOGIN_REQUIRED',
  53003: 'UPSTREAM_DENIED',
  50173: 'LOGIN_REQUIRED',
  70043: 'LOGIN_REQUIRED',
  700082: 'LOGIN_REQUIRED',
  50196: 'UPSTREAM_THROTTLED',
  90055: 'UPSTREAM_THROTTLED',
  90033: 'UPSTREAM_UNAVAILABLE',
};

/** Of the broker's own wait, not a person's. */
const TRANSIENT = new Set([90055, 90033]);

export const ALL_AADSTS: readonly (readonly [number, ErrorCode, Said])[] = Object.entries(
  SECTION_5_3,
).map(([number, code]) => {
  const hint = AADSTS[Number(number)]?.[1];
  if (hint === undefined && !TRANSIENT.has(Number(number))) throw new Error(`${number}: no hint`);
  return [Number(number), code, { hint, status: Number(number) === 90033 ? 503 : 400 }];
});
