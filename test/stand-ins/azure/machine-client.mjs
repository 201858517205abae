// Microsoft's own library, unmodified, on a machine with a managed identity that its variables lead to.
import { ManagedIdentityCredential } from '@azure/identity';

const credential = new ManagedIdentityCredential();
const { token } = await credential.getToken('https://storage.azure.com/.default');
await credential.getToken('https://storage.azure.com/.default');
process.stdout.write(JSON.stringify({ token }));
