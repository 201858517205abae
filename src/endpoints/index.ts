import ecs from './aws/ecs.ts';
import imds from './aws/imds.ts';
import podIdentity from './aws/pod-identity.ts';
import type { Endpoint } from './contract.ts';
import gceMetadata from './gcp/gce-metadata.ts';

/** Every protocol that can be served, by the name a person writes in the configuration. */
export const ENDPOINTS = {
  ecs,
  imds,
  'pod-identity': podIdentity,
  'gce-metadata': gceMetadata,
} as const satisfies Record<string, Endpoint>;
