import azureArc from '../../src/endpoints/azure/azure-arc.ts';
import { endpointConformance } from '../conformance/endpoint.ts';
import { AZURE_IMDS, RESOURCE } from '../conformance/endpoint-azure.ts';
import { CHALLENGE } from '../support/endpoint-world.ts';
import vectors from '../vectors/azure-arc.ts';

endpointConformance({
  endpoint: azureArc,
  vectors,
  cloud: AZURE_IMDS,
  credentials: {
    path: `/metadata/identity/oauth2/token?api-version=2020-06-01&resource=${RESOURCE}`,
    headers: () => [
      ['Metadata', 'true'],
      ['Authorization', `Basic ${CHALLENGE.key}`],
    ],
  },
  waitMs: 8_000,
});
