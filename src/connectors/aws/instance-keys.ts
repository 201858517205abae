import type { Machine } from '../contract.ts';
import { ValetkeyError } from '../../core/errors.ts';
import { readEndpointDocument, type TimedKeys } from './credential-document.ts';
import { askMetadata, type MetadataAnswer } from '../outbound/metadata-http.ts';
import type { InstanceSource } from './source.ts';

const TIMEOUT_MS = 1_000; // botocore metadata_service_timeout
const TOKEN_SECONDS = 21_600; // EC2 User Guide, "Use IMDSv2"
const ROLES = '/latest/meta-data/iam/security-credentials/';
const FROM = 'the instance metadata service';

/**
 * The instance's role by IMDSv2. Version 1 is never spoken: without the token any request forgery on
 * the machine could read the same. https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instance-metadata-security-credentials.html
 */
export async function instanceKeys(
  source: InstanceSource,
  machine: Machine,
  signal: AbortSignal,
): Promise<TimedKeys> {
  const { clock } = machine;
  const token = await ok({
    url: `${source.endpoint}/latest/api/token`,
    method: 'PUT',
    headers: { 'X-aws-ec2-metadata-token-ttl-seconds': String(TOKEN_SECONDS) },
    timeout: TIMEOUT_MS,
    clock,
    signal,
  });
  const headers = { 'X-aws-ec2-metadata-token': token.trim() };
  const get = (path: string) =>
    ok({ url: source.endpoint + path, headers, timeout: TIMEOUT_MS, clock, signal });
  const role = (await get(ROLES)).split('\n')[0]?.trim() ?? '';
  if (role === '') throw noRole();
  const document = await get(ROLES + encodeURIComponent(role));
  return readEndpointDocument(document, FROM, clock.now());
}

async function ok(ask: Parameters<typeof askMetadata>[0]): Promise<string> {
  const answer = await askMetadata(ask);
  if (answer.status === 200) return answer.text;
  throw answer.status === 404 && ask.method !== 'PUT' ? noRole() : refused(answer);
}

function noRole(): ValetkeyError {
  return new ValetkeyError('UPSTREAM_DENIED', {
    subject: FROM,
    reason: 'the instance has no role attached',
    hint: 'attach an instance profile',
  });
}

function refused({ status, text }: MetadataAnswer): ValetkeyError {
  return new ValetkeyError('UPSTREAM_UNAVAILABLE', {
    subject: FROM,
    reason: `it answered with status ${status}`,
    cause: text,
  });
}
