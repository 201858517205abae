import aws from './aws/index.ts';
import azure from './azure/index.ts';
import type { ConnectorType } from './contract.ts';
import gcp from './gcp/index.ts';

/** Every connector type: one line each. */
export const CONNECTOR_TYPES: Readonly<Record<string, ConnectorType>> = { aws, gcp, azure };
