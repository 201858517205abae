import { expect, test } from 'vitest';

import { createTokenTable } from '../../src/endpoints/aws/imds-tokens.ts';
import { fakeClock } from '../support/fake-clock.ts';

const table = () => {
  const clock = fakeClock();
  return { clock, tokens: createTokenTable(() => clock.monotonic()) };
};

test('row 53: 256 random bits, safe in a header, no two alike at one instant', () => {
  const { tokens } = table();
  const minted = Array.from({ length: 1000 }, () => tokens.mint('app', 60));
  expect(new Set(minted).size).toBe(1000);
  for (const token of minted) expect(token).toMatch(/^[\w-]{55}$/);
  // No prefix in common that a clock or a process id would leave.
  expect(new Set(minted.map((token) => token.slice(0, 2))).size).toBeGreaterThan(100);
});

test('a token with any character changed is unknown', () => {
  const { tokens } = table();
  const token = tokens.mint('app', 60);
  expect(tokens.check('app', token)).toBe(true);
  for (let at = 0; at < token.length; at += 1) {
    const other = token[at] === 'A' ? 'B' : 'A';
    expect(tokens.check('app', token.slice(0, at) + other + token.slice(at + 1))).toBe(false);
  }
  expect(tokens.check('app', `${token.slice(0, -1)}\u0141`)).toBe(false);
  expect(tokens.check('app', '')).toBe(false);
});

test('row 52: 10,000 tokens later memory is bounded and tokens in use still hold', () => {
  const { tokens } = table();
  const inUse = tokens.mint('app', 21_600);
  const ofAnother = tokens.mint('other', 21_600);
  for (let i = 0; i < 10_000; i += 1) {
    tokens.mint('app', 21_600);
    if (i % 1000 === 0) expect(tokens.check('app', inUse)).toBe(true);
  }
  expect(tokens.size()).toBeLessThanOrEqual(2049);
  expect(tokens.check('app', inUse)).toBe(true);
  expect(tokens.check('other', ofAnother)).toBe(true);
});

test('row 52: a flood whose every token is used cannot grow the table either', () => {
  const { tokens } = table();
  for (let i = 0; i < 10_000; i += 1) tokens.check('app', tokens.mint('app', 21_600));
  expect(tokens.size()).toBeLessThanOrEqual(2048);
  const last = tokens.mint('app', 21_600);
  expect(tokens.check('app', last)).toBe(true);
});

test('an ended token makes room before a live one does', async () => {
  const { clock, tokens } = table();
  const short = Array.from({ length: 1024 }, () => tokens.mint('app', 1));
  for (const token of short) tokens.check('app', token);
  const long = Array.from({ length: 1024 }, () => tokens.mint('app', 600));
  await clock.advance(1000);
  for (let i = 0; i < 1024; i += 1) tokens.mint('app', 600);
  expect(long.every((token) => tokens.check('app', token))).toBe(true);
});
