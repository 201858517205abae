import { ValetkeyError } from '../../src/core/errors.ts';
import { SecretId } from '../../src/core/ids.ts';
import { secret } from '../../src/core/secret.ts';
import keychain from '../../src/stores/keychain.ts';

/** Tries every operation on the keychain of its session and prints what became of each, as JSON. */
const store = await keychain.open({ directory: '/nowhere', service: 'valetkey-test' });
const id = SecretId.parse('item');

async function outcome(work: () => Promise<unknown>): Promise<unknown> {
  try {
    return { returned: (await work()) ?? null };
  } catch (error) {
    if (!(error instanceof ValetkeyError)) throw error;
    return { code: error.code, hint: error.hint !== undefined };
  }
}

const outcomes = {
  check: await outcome(() => store.check()),
  get: await outcome(() => store.get(id)),
  list: await outcome(() => store.list()),
  delete: await outcome(() => store.delete(id)),
  set: await outcome(() => store.set(id, { field: secret('planted-secret') })),
};
console.log(JSON.stringify(outcomes));
