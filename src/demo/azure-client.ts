/*
 * A program as anybody would write it: Microsoft's identity library with no word about credentials. Run by
 * the demo as a process of its own, told nothing but environment variables. Prints one JSON line.
 */
import { ManagedIdentityCredential } from '@azure/identity';

const [blob = '', audience = '', other = ''] = process.argv.slice(2);
const API_VERSION = '2023-11-03';
const credential = new ManagedIdentityCredential();

/** `ok`, or the status of the refusal. */
async function attempt(token: string, init: RequestInit = {}): Promise<string> {
  const headers = {
    authorization: `Bearer ${token}`,
    'x-ms-version': API_VERSION,
    ...(init.method === 'PUT' ? { 'x-ms-blob-type': 'BlockBlob' } : {}),
  };
  const { ok, status } = await fetch(blob, { ...init, headers });
  return ok ? 'ok' : String(status);
}

/** `ok`, or the library's own word for why there is none. */
async function tokenFor(wanted: string): Promise<string> {
  try {
    await credential.getToken(`${wanted}/.default`);
    return 'ok';
  } catch (error) {
    return error instanceof Error ? error.name : String(error);
  }
}

const { token } = await credential.getToken(`${audience}/.default`);
const claims: unknown = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());
process.stdout.write(
  `${JSON.stringify({
    client: typeof claims === 'object' && claims !== null ? Reflect.get(claims, 'appid') : '',
    readOwn: await attempt(token),
    writeOwn: await attempt(token, { method: 'PUT', body: 'x' }),
    otherAudience: await tokenFor(other),
  })}\n`,
);
