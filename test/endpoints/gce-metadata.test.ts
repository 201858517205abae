import gceMetadata from '../../src/endpoints/gcp/gce-metadata.ts';
import { endpointConformance } from '../conformance/endpoint.ts';
import { GOOGLE } from '../conformance/endpoint-google.ts';
import vectors from '../vectors/gce-metadata.ts';

endpointConformance({
  endpoint: gceMetadata,
  vectors,
  cloud: GOOGLE,
  credentials: {
    path: '/computeMetadata/v1/instance/service-accounts/default/token',
    headers: () => [['Metadata-Flavor', 'Google']],
  },
  waitMs: 2_000,
});
