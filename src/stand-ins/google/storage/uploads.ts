import { randomBytes } from 'node:crypto';
import { readMultipart } from '../multipart.ts';
import { jsonReply } from '../reply.ts';
import type { GoogleReply } from '../reply.ts';
import type { GoogleRequest } from '../request.ts';
import type { StorageCall } from './access.ts';
import type { Bucket } from './buckets.ts';
import { checkHashes, readDescription } from './content.ts';
import type { Described } from './content.ts';
import { checkPreconditions } from './preconditions.ts';
import { badParameter, storageRefusal } from './refusals.ts';
import { etagOf, objectResource } from './resources.ts';

/** What a resumable upload has so far. Its URL is a capability: whoever has it may go on. */
export interface UploadSession {
  readonly bucket: Bucket;
  readonly name: string;
  readonly described: Described;
  readonly query: URLSearchParams;
  readonly received: Buffer[];
}

export type UploadSessions = Map<string, UploadSession>;

/** https://cloud.google.com/storage/docs/json_api/v1/objects/insert */
export function insertObject(call: StorageCall, sessions: UploadSessions): GoogleReply {
  const { request } = call;
  const bucket = call.bucket(call.params[0] ?? '');
  switch (request.query.get('uploadType') ?? '') {
    case 'media': {
      const contentType = request.headers.get('content-type');
      const described = { ...readDescription(''), contentType };
      return store(call, bucket, nameOf(call, undefined), described, request.body);
    }
    case 'multipart': {
      const parts = readMultipart(request.headers.get('content-type') ?? '', request.body);
      const [resource, media] = parts ?? [];
      if (resource === undefined || media === undefined || parts?.length !== 2) {
        throw storageRefusal(400, 'badContent', 'Missing end boundary in multipart body.');
      }
      const described = readDescription(resource.body.toString('utf8'));
      const contentType = described.contentType ?? media.headers.get('content-type');
      const name = nameOf(call, described.name);
      return store(call, bucket, name, { ...described, contentType }, media.body);
    }
    case 'resumable':
      return startSession(call, bucket, sessions);
    default:
      throw badParameter('uploadType');
  }
}

function startSession(call: StorageCall, bucket: Bucket, sessions: UploadSessions): GoogleReply {
  const { request, base } = call;
  const described = readDescription(request.body.toString('utf8'));
  const name = nameOf(call, described.name);
  demandWrite(call, bucket, name);
  checkPreconditions(request.query, bucket.objects.get(name));
  const id = randomBytes(60).toString('base64url');
  const contentType = described.contentType ?? request.headers.get('x-upload-content-type');
  const { query } = request;
  sessions.set(id, { bucket, name, described: { ...described, contentType }, query, received: [] });
  const location = `${base}${request.path}?uploadType=resumable&name=${encodeURIComponent(name)}&upload_id=${id}`;
  return { status: 200, headers: { location, 'x-guploader-uploadid': id }, body: '' };
}

/**
 * The next piece of a resumable upload, or a question how much has arrived (`bytes *∕N`).
 * https://cloud.google.com/storage/docs/performing-resumable-uploads#chunked-upload
 */
export function continueUpload(
  request: GoogleRequest,
  sessions: UploadSessions,
  base: string,
): GoogleReply {
  const id = request.query.get('upload_id') ?? '';
  const session = sessions.get(id);
  if (session === undefined) {
    throw storageRefusal(404, 'notFound', 'The resumable upload session was not found.');
  }
  const have = session.received.reduce((sum, piece) => sum + piece.length, 0);
  const range = readRange(request, have);
  if (range.start !== have) {
    throw storageRefusal(400, 'invalid', `Invalid request. The upload is at byte ${have}.`);
  }
  if (request.body.length > 0) session.received.push(request.body);
  const total = have + request.body.length;
  if (range.total !== total) {
    const headers: Record<string, string> = total === 0 ? {} : { range: `bytes=0-${total - 1}` };
    return { status: 308, headers: { ...headers, 'x-guploader-uploadid': id }, body: '' };
  }
  sessions.delete(id);
  const data = Buffer.concat(session.received);
  const { bucket, name, described, query } = session;
  checkHashes(data, described, request.headers);
  checkPreconditions(query, bucket.objects.get(name));
  return write(bucket, name, described, data, base);
}

/** Pieces but the last come in multiples of this many bytes. */
const PIECE_BYTES = 256 * 1024;

function readRange(
  request: GoogleRequest,
  have: number,
): { start: number; total: number | undefined } {
  const header = request.headers.get('content-range');
  if (header === undefined) return { start: have, total: have + request.body.length };
  const found = /^bytes (?:(\d+)-(\d+)|\*)\/(\d+|\*)$/.exec(header);
  if (found === null)
    throw storageRefusal(400, 'badContent', 'Failed to parse Content-Range header.');
  const total = found[3] === '*' ? undefined : Number(found[3]);
  if (found[1] === undefined) return { start: have, total };
  const [start, end] = [Number(found[1]), Number(found[2])];
  const last = total === end + 1;
  const fits = end - start + 1 === request.body.length && (total === undefined || end < total);
  if (!fits || (!last && request.body.length % PIECE_BYTES !== 0)) {
    throw storageRefusal(400, 'badContent', 'Content-Range does not fit the body.');
  }
  return { start, total };
}

function store(
  call: StorageCall,
  bucket: Bucket,
  name: string,
  described: Described,
  data: Buffer,
): GoogleReply {
  const { request, base } = call;
  demandWrite(call, bucket, name);
  checkPreconditions(request.query, bucket.objects.get(name));
  checkHashes(data, described, request.headers);
  return write(bucket, name, described, data, base);
}

function write(
  bucket: Bucket,
  name: string,
  described: Described,
  data: Buffer,
  base: string,
): GoogleReply {
  const { contentType = 'application/octet-stream', metadata } = described;
  const object = bucket.put({ name, data, contentType, metadata });
  return jsonReply(objectResource(bucket, object, base), 200, { etag: etagOf(object) });
}

/** Overwriting is deleting too. https://cloud.google.com/storage/docs/access-control/iam-json */
export function demandWrite(call: StorageCall, bucket: Bucket, name: string): void {
  const place = { bucket, object: name };
  call.visit.target = `${bucket.name}/${name}`;
  call.demand('storage.objects.create', place);
  if (bucket.objects.has(name)) call.demand('storage.objects.delete', place);
}

function nameOf(call: StorageCall, described: string | undefined): string {
  const name = call.request.query.get('name') ?? described ?? '';
  const bad = name === '' || name === '.' || name === '..' || /[\r\n]/.test(name);
  if (name === '') throw badParameter('name', 'required');
  if (bad || Buffer.byteLength(name) > 1024) throw badParameter('name');
  return name;
}
