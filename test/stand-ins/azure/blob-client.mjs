// Microsoft's own libraries, unmodified: a token of the authority named by the environment's variables,
// and with it a container and a blob that are written, listed and read. Prints what it read.
import { ClientCertificateCredential, ClientSecretCredential } from '@azure/identity';
import { BlobServiceClient } from '@azure/storage-blob';

const { env } = process;
// Without the second, the library asks Microsoft's own host whether the authority is known.
const options = { authorityHost: env.AZURE_AUTHORITY_HOST, disableInstanceDiscovery: true };
const app = [env.AZURE_TENANT_ID, env.AZURE_CLIENT_ID];
const credential =
  env.AZURE_CLIENT_SECRET === undefined
    ? new ClientCertificateCredential(...app, env.AZURE_CLIENT_CERTIFICATE_PATH, options)
    : new ClientSecretCredential(...app, env.AZURE_CLIENT_SECRET, options);
const service = new BlobServiceClient(env.BLOB_URL, credential, {
  retryOptions: { maxTries: 1 },
});

try {
  const container = service.getContainerClient('written');
  await container.create();
  await container.getBlockBlobClient('runs/1.txt').upload('one', 3);
  const containers = [];
  for await (const { name } of service.listContainers()) containers.push(name);
  const blobs = [];
  for await (const { name } of container.listBlobsFlat()) blobs.push(name);
  const text = (await container.getBlockBlobClient('runs/1.txt').downloadToBuffer()).toString();
  process.stdout.write(JSON.stringify({ containers, blobs, text }));
} catch (error) {
  process.stdout.write(
    JSON.stringify({ name: error.name, code: error.code, message: error.message.slice(0, 300) }),
  );
}
