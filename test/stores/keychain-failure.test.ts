import { expect, it } from 'vitest';

import { ValetkeyError, type ErrorCode } from '../../src/core/errors.ts';
import { keychainFailure, type Operation } from '../../src/stores/secret-service/failure.ts';
import { failure } from '../conformance/secret-store.ts';

/** The addon's words where no test can provoke them here, and two that nobody has heard yet. */
const WORDS: readonly [string, Operation, ErrorCode][] = [
  [
    "Attribute 'password' is longer than the platform limit of 2560 chars",
    'write',
    'STORE_WRITE_FAILED',
  ],
  ["Couldn't access platform storage: User interaction is not allowed.", 'read', 'STORE_LOCKED'],
  ['Platform failure: DBus error: The connection is closed', 'write', 'STORE_UNREACHABLE'],
  ['something new', 'read', 'STORE_UNREACHABLE'],
  ['something new', 'write', 'STORE_WRITE_FAILED'],
];

it.each(WORDS)('takes “%s” on %s for %s', (words, operation, code) => {
  const cause = new Error(words);
  expect(keychainFailure(cause, operation)).toMatchObject({ ...failure(code), cause });
});

it('leaves our own errors as they are', () => {
  const own = new ValetkeyError('STORE_LOCKED');
  expect(keychainFailure(own, 'write')).toBe(own);
});
