import azureCloudShell from '../../src/endpoints/azure/azure-cloud-shell.ts';
import { endpointConformance } from '../conformance/endpoint.ts';
import { AZURE_CLOUD_SHELL, RESOURCE } from '../conformance/endpoint-azure.ts';
import vectors from '../vectors/azure-cloud-shell.ts';

endpointConformance({
  endpoint: azureCloudShell,
  vectors,
  cloud: AZURE_CLOUD_SHELL,
  credentials: {
    path: `/oauth2/token?resource=${RESOURCE}`,
    headers: () => [['Metadata', 'true']],
  },
  waitMs: 8_000,
});
