/*
 * A program as anybody would write it, told nothing but environment variables. Which version of the
 * library it is, VALETKEY_TEST_LIBRARY says.
 *
 * client.mjs managed|default AUDIENCE [CLIENT-ID] | put ACCOUNT-URL CONTAINER BLOB |
 * get ACCOUNT-URL CONTAINER BLOB | loop ACCOUNT-URL CONTAINER BLOB SECONDS
 * One JSON line on stdout; exit 0, 1 for a failure.
 */
import { setTimeout as delay } from 'node:timers/promises';

const PAUSE_MS = 250;

const libraries = {
  '@azure/identity': () => import('@azure/identity'),
  'azure-identity-previous': () => import('azure-identity-previous'),
};
const { DefaultAzureCredential, ManagedIdentityCredential } =
  await libraries[process.env.VALETKEY_TEST_LIBRARY]();

async function token(credential, audience) {
  const { token: text, expiresOnTimestamp } = await credential.getToken(`${audience}/.default`);
  return { token: text, expiresAt: expiresOnTimestamp };
}

async function blob(url, container, name, credential = new DefaultAzureCredential()) {
  const { BlobServiceClient } = await import('@azure/storage-blob');
  const service = new BlobServiceClient(url, credential);
  return service.getContainerClient(container).getBlockBlobClient(name);
}

const verbs = {
  managed: (audience, clientId) =>
    token(
      new ManagedIdentityCredential(...(clientId === undefined ? [] : [{ clientId }])),
      audience,
    ),
  default: (audience, clientId) =>
    token(
      new DefaultAzureCredential(clientId === undefined ? {} : { managedIdentityClientId: clientId }),
      audience,
    ),
  async get(...where) {
    const client = await blob(...where);
    return { body: (await client.downloadToBuffer()).toString() };
  },
  async put(url, container, name) {
    const client = await blob(url, container, name);
    const text = 'put by node';
    await client.upload(text, text.length);
    return { put: name };
  },
  async loop(url, container, name, seconds) {
    const tokens = new Set();
    const credential = new DefaultAzureCredential();
    // Notes the tokens that the storage client is given.
    const client = await blob(url, container, name, {
      async getToken(...asked) {
        const got = await credential.getToken(...asked);
        tokens.add(got.token);
        return got;
      },
    });
    const result = { reads: 0, errors: 0, tokens: 0, firstError: null };
    const until = performance.now() + Number(seconds) * 1000;
    while (performance.now() < until) {
      try {
        await client.downloadToBuffer();
        result.reads += 1;
      } catch (error) {
        result.errors += 1;
        result.firstError ??= error.message;
      }
      await delay(PAUSE_MS);
    }
    return { ...result, tokens: tokens.size };
  },
};

try {
  const [verb, ...args] = process.argv.slice(2);
  process.stdout.write(JSON.stringify(await verbs[verb](...args)));
} catch (error) {
  process.stdout.write(JSON.stringify({ name: error.name, message: error.message }));
  process.exitCode = 1;
}
