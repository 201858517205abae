import ecs from './aws/ecs.ts';
import imds from './aws/imds.ts';
import podIdentity from './aws/pod-identity.ts';
import type { Endpoint } from './contract.ts';

/** Every protocol that can be served, by the name a person writes in the configuration. */
export const ENDPOINTS = {
  ecs,
  imds,
  'pod-identity': podIdentity,
} as const satisfies Record<string, Endpoint>;
