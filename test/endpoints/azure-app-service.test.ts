import azureAppService from '../../src/endpoints/azure/azure-app-service.ts';
import { endpointConformance } from '../conformance/endpoint.ts';
import { AZURE_APP_SERVICE, RESOURCE } from '../conformance/endpoint-azure.ts';
import { SECRET } from '../support/endpoint-world.ts';
import vectors from '../vectors/azure-app-service.ts';

endpointConformance({
  endpoint: azureAppService,
  vectors,
  cloud: AZURE_APP_SERVICE,
  credentials: {
    path: `/msi/token?api-version=2019-08-01&resource=${RESOURCE}`,
    headers: () => [['X-IDENTITY-HEADER', SECRET]],
  },
  waitMs: 8_000,
});
