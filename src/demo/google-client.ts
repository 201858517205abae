/*
 * A program as anybody would write it: Google's auth library with no word about credentials. Run by the
 * demo as a process of its own, told nothing but environment variables. Prints one JSON line.
 */
import { GoogleAuth } from 'google-auth-library';

const [storage = '', own = '', other = '', key = ''] = process.argv.slice(2);
const auth = new GoogleAuth({ scopes: ['https://www.googleapis.com/auth/cloud-platform'] });

/** `ok`, or the status of the refusal. */
async function attempt(path: string, data?: string): Promise<string> {
  try {
    await auth.request({
      url: `${storage}${path}`,
      retry: false,
      ...(data === undefined
        ? {}
        : { method: 'POST', data, headers: { 'content-type': 'text/plain' } }),
    });
    return 'ok';
  } catch (error) {
    const status: unknown = error instanceof Error ? Reflect.get(error, 'status') : undefined;
    return typeof status === 'number' ? String(status) : String(error);
  }
}

const { client_email: email } = await auth.getCredentials();
process.stdout.write(
  `${JSON.stringify({
    email,
    project: await auth.getProjectId(),
    readOwn: await attempt(`/storage/v1/b/${own}/o/${key}?alt=media`),
    writeOwn: await attempt(`/upload/storage/v1/b/${own}/o?uploadType=media&name=new`, 'x'),
    readOther: await attempt(`/storage/v1/b/${other}/o/${key}?alt=media`),
  })}\n`,
);
