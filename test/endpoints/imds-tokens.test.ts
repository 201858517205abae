import { expect, test } from 'vitest';

import { createTokenTable } from '../../src/endpoints/aws/imds-tokens.ts';
import { caller } from '../support/endpoint-world.ts';
import { fakeClock } from '../support/fake-clock.ts';

const APP = caller();
const OTHER = caller({ workload: 'other' });

const table = () => {
  const clock = fakeClock();
  return { clock, tokens: createTokenTable(() => clock.monotonic()) };
};

test('row 53: 256 random bits, safe in a header, no two alike at one instant', () => {
  const { tokens } = table();
  const minted = Array.from({ length: 1000 }, () => tokens.mint(APP, 60));
  expect(new Set(minted).size).toBe(1000);
  for (const token of minted) expect(token).toMatch(/^[\w-]{55}$/);
  // No prefix in common that a clock or a process id would leave.
  expect(new Set(minted.map((token) => token.slice(0, 2))).size).toBeGreaterThan(100);
});

test('a token with any character changed is unknown', () => {
  const { tokens } = table();
  const token = tokens.mint(APP, 60);
  expect(tokens.check(APP, token)).toBe(true);
  for (let at = 0; at < token.length; at += 1) {
    const other = token[at] === 'A' ? 'B' : 'A';
    expect(tokens.check(APP, token.slice(0, at) + other + token.slice(at + 1))).toBe(false);
  }
  expect(tokens.check(APP, `${token.slice(0, -1)}\u0141`)).toBe(false);
  expect(tokens.check(APP, '')).toBe(false);
});

test('row 52: 10,000 tokens later memory is bounded and tokens in use still hold', () => {
  const { tokens } = table();
  const inUse = tokens.mint(APP, 21_600);
  const ofAnother = tokens.mint(OTHER, 21_600);
  for (let i = 0; i < 10_000; i += 1) {
    tokens.mint(APP, 21_600);
    if (i % 1000 === 0) expect(tokens.check(APP, inUse)).toBe(true);
  }
  expect(tokens.size()).toBeLessThanOrEqual(2049);
  expect(tokens.check(APP, inUse)).toBe(true);
  expect(tokens.check(OTHER, ofAnother)).toBe(true);
});

test('row 52: a flood whose every token is used cannot grow the table either', () => {
  const { tokens } = table();
  for (let i = 0; i < 10_000; i += 1) tokens.check(APP, tokens.mint(APP, 21_600));
  expect(tokens.size()).toBeLessThanOrEqual(2048);
  const last = tokens.mint(APP, 21_600);
  expect(tokens.check(APP, last)).toBe(true);
});

test('an ended token makes room before a live one does', async () => {
  const { clock, tokens } = table();
  const short = Array.from({ length: 1024 }, () => tokens.mint(APP, 1));
  for (const token of short) tokens.check(APP, token);
  const long = Array.from({ length: 1024 }, () => tokens.mint(APP, 600));
  await clock.advance(1000);
  for (let i = 0; i < 1024; i += 1) tokens.mint(APP, 600);
  expect(long.every((token) => tokens.check(APP, token))).toBe(true);
});

test('a token tells its holder, and a caller of the same workload takes it over', async () => {
  const { clock, tokens } = table();
  const token = tokens.mint(APP, 60);
  tokens.mint(OTHER, 60);
  expect(tokens.holderOf(token)).toBe(APP);
  expect(tokens.check(OTHER, token)).toBe(false);
  const renamed = caller({ roleName: 'new' });
  expect(tokens.check(renamed, token)).toBe(true);
  expect(tokens.holderOf(token)).toBe(renamed);
  await clock.advance(60_000);
  expect(tokens.holderOf(token)).toBeUndefined();
});
