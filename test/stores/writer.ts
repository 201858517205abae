import { isErrno } from '../../src/files/atomic-write.ts';
import { SecretId } from '../../src/core/ids.ts';
import { secret } from '../../src/core/secret.ts';
import encryptedFile from '../../src/stores/encrypted-file.ts';

/** Writes items into an encrypted file and prints each id once it is stored, or an error's code. */
const [directory = '', keyFile = '', prefix = '', count = ''] = process.argv.slice(2);
const store = await encryptedFile.open({ directory, keyFile, service: 'valetkey-test' });
for (let index = 0; index < Number(count); index++) {
  const id = SecretId.parse(`${prefix}-${index}`);
  try {
    await store.set(id, { field: secret('x'.repeat(100)) });
    console.log(id);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error) || isErrno(error, 'BUSY')) throw error;
    console.log(error.code);
  }
}
