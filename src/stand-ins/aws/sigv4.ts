import { timingSafeEqual } from 'node:crypto';
import { decodeAwsChunked } from './aws-chunked.ts';
import type { ChunkSigner } from './aws-chunked.ts';
import { ALGORITHM, canonicalRequest, hmac, sha256Hex, signingKey } from './canonical.ts';
import { wrongChecksum } from './checksums.ts';
import type { AwsRequest } from './request.ts';

/** AWS accepts a signature within 15 minutes of its own clock, either way. */
export const MAX_SKEW_MS = 15 * 60 * 1000;

/** What the signature is checked against; a temporary key has a token and an end. */
export interface SigningKey {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string | undefined;
  /** ms since the epoch. */
  readonly expiresAt?: number | undefined;
}

/** Why a request is refused; each service has its own code and status for the same problem. */
export type SignatureProblem =
  | 'unsigned'
  | 'incomplete'
  | 'unknown-key'
  | 'token-missing'
  | 'token-wrong'
  | 'token-expired'
  | 'signed-in-past'
  | 'signed-in-future'
  | 'header-not-signed'
  | 'wrong-signature'
  | 'wrong-payload-hash'
  | 'bad-chunks'
  | 'wrong-checksum';

export interface Verified<Key extends SigningKey> {
  readonly key: Key;
  readonly region: string;
  /** The body with any `aws-chunked` framing removed and its checksums checked. */
  readonly payload: Buffer;
}

interface Authorization {
  readonly accessKeyId: string;
  readonly day: string;
  readonly region: string;
  readonly service: string;
  readonly signedHeaders: readonly string[];
  readonly signature: string;
}

const AUTHORIZATION =
  /^AWS4-HMAC-SHA256 Credential=([^/,\s]+)\/(\d{8})\/([a-z0-9-]+)\/([a-z0-9-]+)\/aws4_request, ?SignedHeaders=([a-z0-9;_.-]+), ?Signature=([0-9a-f]{64})$/;

/** Reads the header without judging it, to route a request by the service it was signed for. */
export function parseAuthorization(request: AwsRequest): Authorization | undefined {
  const found = AUTHORIZATION.exec(request.headers.get('authorization') ?? '');
  if (found === null) return undefined;
  const [, accessKeyId = '', day = '', region = '', service = '', signed = '', signature = ''] =
    found;
  return { accessKeyId, day, region, service, signedHeaders: signed.split(';'), signature };
}

/**
 * Verifies the Authorization header of Signature Version 4.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
 */
export function verifySignature<Key extends SigningKey>(
  request: AwsRequest,
  find: (accessKeyId: string) => Key | undefined,
  now: number,
): Verified<Key> | SignatureProblem {
  if (!request.headers.has('authorization')) return 'unsigned';
  const authorization = parseAuthorization(request);
  const date = request.headers.get('x-amz-date') ?? '';
  const signedAt = parseAmzDate(date);
  if (authorization === undefined || signedAt === undefined) return 'incomplete';
  const key = find(authorization.accessKeyId);
  if (key === undefined) return 'unknown-key';
  const problem =
    tokenProblem(request, key, now) ??
    dateProblem(signedAt, now) ??
    headerProblem(request, authorization.signedHeaders);
  if (problem !== undefined) return problem;
  if (!date.startsWith(authorization.day)) return 'wrong-signature';
  const scope = [authorization.day, authorization.region, authorization.service, 'aws4_request'];
  const signer: ChunkSigner = {
    key: signingKey(
      key.secretAccessKey,
      authorization.day,
      authorization.region,
      authorization.service,
    ),
    date,
    scope: scope.join('/'),
    seed: authorization.signature,
  };
  if (!signatureFits(request, authorization, signer)) return 'wrong-signature';
  const payload = readPayload(request, authorization.service, signer);
  return typeof payload === 'string' ? payload : { key, region: authorization.region, payload };
}

function tokenProblem(
  request: AwsRequest,
  key: SigningKey,
  now: number,
): SignatureProblem | undefined {
  const token = request.headers.get('x-amz-security-token');
  if (key.sessionToken !== undefined && token === undefined) return 'token-missing';
  if (token !== key.sessionToken) return 'token-wrong';
  if (key.expiresAt !== undefined && now >= key.expiresAt) return 'token-expired';
  return undefined;
}

function dateProblem(signedAt: number, now: number): SignatureProblem | undefined {
  if (signedAt < now - MAX_SKEW_MS) return 'signed-in-past';
  return signedAt > now + MAX_SKEW_MS ? 'signed-in-future' : undefined;
}

/** Host and every `x-amz-` header must be covered: an uncovered one could be added on the way. */
function headerProblem(
  request: AwsRequest,
  signed: readonly string[],
): SignatureProblem | undefined {
  const covered = new Set(signed);
  const must = [...request.headers.keys()].filter((name) => name.startsWith('x-amz-'));
  if (!['host', ...must].every((name) => covered.has(name))) return 'header-not-signed';
  const sorted = [...signed].sort();
  return sorted.join(';') === signed.join(';') ? undefined : 'wrong-signature';
}

function signatureFits(
  request: AwsRequest,
  authorization: Authorization,
  signer: ChunkSigner,
): boolean {
  // S3 trusts the hash that is in the header and compares it with the body afterwards;
  // all other services hash the body themselves.
  const stated = request.headers.get('x-amz-content-sha256');
  const hash =
    authorization.service === 's3' && stated !== undefined ? stated : sha256Hex(request.body);
  let canonical: string;
  try {
    canonical = canonicalRequest(request, authorization.service, authorization.signedHeaders, hash);
  } catch {
    return false; // a malformed percent escape cannot have been signed
  }
  const text = [ALGORITHM, signer.date, signer.scope, sha256Hex(canonical)].join('\n');
  return timingSafeEqual(hmac(signer.key, text), Buffer.from(authorization.signature, 'hex'));
}

function readPayload(
  request: AwsRequest,
  service: string,
  signer: ChunkSigner,
): Buffer | SignatureProblem {
  const stated = request.headers.get('x-amz-content-sha256');
  if (service !== 's3') {
    const wrong = stated !== undefined && stated !== sha256Hex(request.body);
    return wrong ? 'wrong-signature' : request.body;
  }
  if (stated === undefined) return 'wrong-payload-hash';
  if (stated.startsWith('STREAMING-')) return readChunks(request, stated, signer);
  if (stated !== 'UNSIGNED-PAYLOAD' && stated !== sha256Hex(request.body))
    return 'wrong-payload-hash';
  return wrongChecksum(request.headers, request.body) === undefined
    ? request.body
    : 'wrong-checksum';
}

/** Whether the chunks of each streaming form carry signatures of their own. */
const STREAMING: Readonly<Record<string, boolean>> = {
  'STREAMING-UNSIGNED-PAYLOAD-TRAILER': false,
  'STREAMING-AWS4-HMAC-SHA256-PAYLOAD': true,
  'STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER': true,
};

function readChunks(
  request: AwsRequest,
  stated: string,
  signer: ChunkSigner,
): Buffer | SignatureProblem {
  const signed = STREAMING[stated];
  if (signed === undefined) return 'wrong-payload-hash';
  const decoded = decodeAwsChunked(request.body, signed ? signer : undefined);
  if (decoded === 'wrong-signature') return decoded;
  if (decoded === 'malformed') return 'bad-chunks';
  const { payload, trailers } = decoded;
  const promised = (request.headers.get('x-amz-trailer') ?? '')
    .split(',')
    .filter((name) => name !== '');
  if (!promised.every((name) => trailers.has(name.trim().toLowerCase()))) return 'bad-chunks';
  if (request.headers.get('x-amz-decoded-content-length') !== String(payload.length)) {
    return 'bad-chunks';
  }
  const wrong = wrongChecksum(request.headers, payload) ?? wrongChecksum(trailers, payload);
  return wrong === undefined ? payload : 'wrong-checksum';
}

/** `20260102T030405Z` → ms since the epoch. */
function parseAmzDate(text: string): number | undefined {
  const found = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(text);
  if (found === null) return undefined;
  const [, year, month, day, hour, minute, second] = found;
  const at = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  return Number.isNaN(at) ? undefined : at;
}

export function formatAmzDate(at: number): string {
  return new Date(at).toISOString().replace(/[-:]|\.\d{3}/g, '');
}
