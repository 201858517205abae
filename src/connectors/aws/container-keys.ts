import { readFile } from 'node:fs/promises';

import type { Machine } from '../contract.ts';
import { ValetkeyError } from '../../core/errors.ts';
import { readEndpointDocument, type TimedKeys } from './credential-document.ts';
import { askMetadata, type MetadataAnswer } from '../outbound/metadata-http.ts';
import type { ContainerSource } from './source.ts';

const TIMEOUT_MS = 2_000; // botocore ContainerMetadataFetcher.TIMEOUT_SECONDS
const FROM = 'the container credentials endpoint';

/**
 * ECS, EKS Pod Identity and everything that speaks like them.
 * https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html
 */
export async function containerKeys(
  source: ContainerSource,
  machine: Machine,
  signal: AbortSignal,
): Promise<TimedKeys> {
  const authorization = await authorizationOf(source);
  const headers: Record<string, string> = { Accept: 'application/json' };
  if (authorization !== undefined) headers['Authorization'] = authorization;
  const { clock } = machine;
  const answer = await askMetadata({
    url: source.url,
    headers,
    timeout: TIMEOUT_MS,
    clock,
    signal,
  });
  if (answer.status !== 200) throw refused(answer);
  return readEndpointDocument(answer.text, FROM, clock.now());
}

/** The file is read each time: Kubernetes rotates it. The header is the raw value, no scheme added. */
async function authorizationOf(source: ContainerSource): Promise<string | undefined> {
  const value = source.tokenFile === undefined ? source.token : await contentOf(source.tokenFile);
  if (value === undefined || !/[\r\n]/.test(value)) return value;
  throw new ValetkeyError('CONFIG_INVALID', {
    subject: 'AWS_CONTAINER_AUTHORIZATION_TOKEN',
    reason: 'it has a line break and cannot be a header’s value',
  });
}

async function contentOf(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    throw new ValetkeyError('CONFIG_UNREADABLE', { subject: path, cause: error });
  }
}

function refused({ status, text }: MetadataAnswer): ValetkeyError {
  const code = status >= 500 || status === 429 ? 'UPSTREAM_UNAVAILABLE' : 'UPSTREAM_DENIED';
  return new ValetkeyError(code, {
    subject: FROM,
    reason: `it answered with status ${status}`,
    cause: text,
  });
}
