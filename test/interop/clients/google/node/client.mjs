/**
 * Google's libraries for Node as anybody would use them: nothing about credentials, projects or
 * endpoints is said here. VALETKEY_TEST_LIBRARY names the one that asks for tokens
 * (`google-auth-library`, its previous major, or the one inside `@google-cloud/storage`).
 *
 * client.mjs who | token | identity AUDIENCE | ls BUCKET [PREFIX] | get BUCKET KEY | put BUCKET KEY
 *            | loop-get BUCKET KEY SECONDS
 * One JSON line on stdout; exit 0, 3 when access was denied, 1 for everything else.
 */
import { setTimeout } from 'node:timers/promises';

const PAUSE_MS = 250;
const library = process.env.VALETKEY_TEST_LIBRARY;
const SCOPES = ['https://www.googleapis.com/auth/cloud-platform'];

const libraries = {
  'google-auth-library': () => import('google-auth-library'),
  'google-auth-library-10': () => import('google-auth-library-10'),
  '@google-cloud/storage': () => import('google-auth-library'),
};
const storageOwn = library === '@google-cloud/storage';
const { GoogleAuth } = await libraries[library]();
const auth = () => new GoogleAuth({ scopes: SCOPES });

/** The storage client, or what is left of it when the JSON API is asked with a token alone. */
async function openStorage() {
  if (storageOwn) {
    const { Storage } = await import('@google-cloud/storage');
    const storage = new Storage({ retryOptions: { maxRetries: 1 } });
    return {
      keys: async (bucket, prefix) => {
        const [files] = await storage.bucket(bucket).getFiles(prefix ? { prefix } : {});
        return files.map(({ name }) => name);
      },
      read: async (bucket, key) => String((await storage.bucket(bucket).file(key).download())[0]),
      write: (bucket, key, body) =>
        storage.bucket(bucket).file(key).save(body, { resumable: false }),
      token: async () => storage.authClient.getAccessToken(),
    };
  }
  const client = auth();
  const of = (bucket) => `https://storage.googleapis.com/storage/v1/b/${bucket}/o`;
  const upload = (bucket) => of(bucket).replace('.com/', '.com/upload/');
  return {
    keys: async (bucket, prefix) => {
      const params = prefix ? { prefix } : {};
      const { data } = await client.request({ url: of(bucket), params });
      return (data.items ?? []).map(({ name }) => name);
    },
    read: async (bucket, key) => {
      const url = `${of(bucket)}/${encodeURIComponent(key)}`;
      const answer = await client.request({ url, params: { alt: 'media' }, responseType: 'text' });
      return answer.data;
    },
    write: (bucket, name, body) =>
      client.request({
        url: upload(bucket),
        method: 'POST',
        params: { uploadType: 'media', name },
        headers: { 'content-type': 'text/plain' },
        body,
      }),
    token: () => client.getAccessToken(),
  };
}

const verbs = {
  async who() {
    const client = auth();
    const { client_email: email } = await client.getCredentials();
    return { email, project: await client.getProjectId() };
  },
  async token() {
    const client = await auth().getClient();
    const { token } = await client.getAccessToken();
    return { token, expiresIn: Math.round((client.credentials.expiry_date - Date.now()) / 1000) };
  },
  async identity(audience) {
    const client = await auth().getIdTokenClient(audience);
    return { token: await client.idTokenProvider.fetchIdToken(audience) };
  },
  async ls(bucket, prefix) {
    return { keys: await (await openStorage()).keys(bucket, prefix) };
  },
  async get(bucket, key) {
    return { body: await (await openStorage()).read(bucket, key) };
  },
  async put(bucket, key) {
    await (await openStorage()).write(bucket, key, `put by ${library}`);
    return { put: key };
  },
  async 'loop-get'(bucket, key, seconds) {
    const storage = await openStorage();
    const tokens = new Set();
    let reads = 0;
    let errors = 0;
    let firstError = null;
    const until = performance.now() + Number(seconds) * 1000;
    while (performance.now() < until) {
      try {
        await storage.read(bucket, key);
        tokens.add(await storage.token());
        reads += 1;
      } catch (error) {
        errors += 1;
        firstError ??= codeOf(error);
      }
      await setTimeout(PAUSE_MS);
    }
    return { reads, errors, tokens: tokens.size, firstError };
  },
};

/** Gaxios keeps the status in `status`, the storage client in `code`. */
function codeOf(error) {
  const status = error.status ?? error.response?.status ?? error.code;
  return Number(status) === 403 && !fromMetadata(error) ? 'AccessDenied' : error.name;
}

/** A refusal of the metadata server is no judgement of the storage. */
const fromMetadata = (error) => /computeMetadata/.test(String(error.config?.url ?? error.message));

const [verb, ...args] = process.argv.slice(2);
try {
  const result = await verbs[verb](...args);
  console.log(JSON.stringify(result));
  process.exitCode = result.errors ? 1 : 0;
} catch (error) {
  console.log(JSON.stringify({ error: codeOf(error), message: error.message }));
  process.exitCode = codeOf(error) === 'AccessDenied' ? 3 : 1;
}
