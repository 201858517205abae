import azureImds from '../../src/endpoints/azure/azure-imds.ts';
import { endpointConformance } from '../conformance/endpoint.ts';
import { AZURE_IMDS, RESOURCE } from '../conformance/endpoint-azure.ts';
import vectors from '../vectors/azure-imds.ts';

endpointConformance({
  endpoint: azureImds,
  vectors,
  cloud: AZURE_IMDS,
  credentials: {
    path: `/metadata/identity/oauth2/token?api-version=2018-02-01&resource=${RESOURCE}`,
    headers: () => [['Metadata', 'true']],
  },
  waitMs: 8_000,
});
