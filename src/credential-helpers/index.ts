import awsCredentialProcess from './aws-credential-process.ts';
import type { CredentialHelper } from './contract.ts';

export const HELPERS = {
  'aws-credential-process': awsCredentialProcess,
} as const satisfies Record<string, CredentialHelper>;
