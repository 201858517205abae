import ecs from './aws/ecs.ts';
import imds from './aws/imds.ts';
import podIdentity from './aws/pod-identity.ts';
import azureAppService from './azure/azure-app-service.ts';
import azureArc from './azure/azure-arc.ts';
import azureCloudShell from './azure/azure-cloud-shell.ts';
import azureImds from './azure/azure-imds.ts';
import type { Endpoint } from './contract.ts';
import gceMetadata from './gcp/gce-metadata.ts';

/** Every protocol that can be served, by the name a person writes in the configuration. */
export const ENDPOINTS = {
  ecs,
  imds,
  'pod-identity': podIdentity,
  'gce-metadata': gceMetadata,
  'azure-imds': azureImds,
  'azure-app-service': azureAppService,
  // Behind azure-imds: where nobody has chosen, the first to claim a path has it.
  'azure-arc': azureArc,
  'azure-cloud-shell': azureCloudShell,
} as const satisfies Record<string, Endpoint>;
