import { defineEndpoint } from '../contract.ts';
import { refusal, tokenFailure } from './answers.ts';
import { metadataRoutes } from './routes.ts';
import { gceVariables } from './variables.ts';

/**
 * The Compute Engine metadata server: project and instance, access tokens and identity tokens.
 * https://cloud.google.com/compute/docs/metadata/overview
 */
export default defineEndpoint({
  kind: 'gce-metadata',
  title: 'Compute Engine metadata server',
  spec: 'https://cloud.google.com/compute/docs/metadata/overview',
  address: '169.254.169.254',
  // `/` is asked by whoever wants to know whether this is Compute Engine; `/0.1` is to be told no.
  paths: ['/', '/computeMetadata', '/0.1'],
  hosts: [
    '169.254.169.254',
    'metadata.google.internal',
    'metadata.google.internal.', // Node and C++ ask the DNS for no other name than this
    'metadata',
    'localhost',
  ],
  absoluteForm: true,
  refuse: refusal,
  errorBody: tokenFailure,
  variables: gceVariables,
  routes: metadataRoutes,
});
