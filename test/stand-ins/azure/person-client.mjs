// Microsoft's own library, unmodified: a person logs in by a code on the screen; the second token is
// silent. Prints both tokens.
import { DeviceCodeCredential } from '@azure/identity';

const { env } = process;
const credential = new DeviceCodeCredential({
  tenantId: env.AZURE_TENANT_ID,
  clientId: '04b07795-8ddb-461a-bbee-02f9e1bf7b46',
  authorityHost: env.AZURE_AUTHORITY_HOST,
  disableInstanceDiscovery: true,
  userPromptCallback: () => {},
});

const { token: first } = await credential.getToken('https://management.azure.com/.default');
const { token: second } = await credential.getToken('https://storage.azure.com/.default');
process.stdout.write(JSON.stringify({ first, second }));
