import { expect, it } from 'vitest';

import memory from '../../src/stores/memory.ts';
import { describeSecretStore, fieldsOf, plainOf } from '../conformance/secret-store.ts';
import { SecretId } from '../../src/core/ids.ts';

const open = () => memory.open({ directory: '/nowhere', service: 'valetkey-test' });

describeSecretStore('memory', {
  place: async () => ({ open }),
  skip: { shared: 'a memory store is its own place' },
});

it('shares nothing between two memory stores', async () => {
  const [one, other] = [await open(), await open()];
  await one.set(SecretId.parse('item'), fieldsOf({ field: '1' }));
  expect(await other.get(SecretId.parse('item'))).toBeUndefined();
  expect(plainOf(await one.get(SecretId.parse('item')))).toEqual({ field: '1' });
});
