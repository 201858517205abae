import { md5 } from '../checksums.ts';
import { requestId } from '../ids.ts';
import { refusal } from '../refusal.ts';
import type { AwsReply } from '../request.ts';
import { s3Answer, s3Reply } from './answers.ts';
import { storeObject } from './buckets.ts';
import type { Upload } from './buckets.ts';
import type { ObjectCall } from './call.ts';
import { keptHeaders } from './objects.ts';

/** Every part but the last has at least this many bytes. S3 User Guide, "Multipart upload limits". */
const MIN_PART_BYTES = 5 * 1024 * 1024;

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateMultipartUpload.html */
export function createUpload(call: ObjectCall): AwsReply {
  const { bucket, objectKey } = call;
  const upload: Upload = {
    id: requestId().replaceAll('-', ''),
    key: objectKey,
    headers: keptHeaders(call.request),
    parts: new Map(),
  };
  bucket.uploads.set(upload.id, upload);
  return s3Answer('InitiateMultipartUploadResult', {
    Bucket: bucket.name,
    Key: objectKey,
    UploadId: upload.id,
  });
}

export function uploadPart(call: ObjectCall): AwsReply {
  const upload = findUpload(call);
  const number = Number(call.query.get('partNumber') ?? '0');
  if (!Number.isInteger(number) || number < 1 || number > 10_000) {
    throw refusal(
      'InvalidArgument',
      400,
      'Part number must be an integer between 1 and 10000, inclusive',
    );
  }
  const etag = `"${md5(call.payload).toString('hex')}"`;
  upload.parts.set(number, { data: call.payload, etag });
  return s3Reply(200, '', { etag });
}

export function listParts(call: ObjectCall): AwsReply {
  const upload = findUpload(call);
  const parts = [...upload.parts].sort(([a], [b]) => a - b);
  return s3Answer('ListPartsResult', {
    Bucket: call.bucket.name,
    Key: upload.key,
    UploadId: upload.id,
    IsTruncated: false,
    Part: parts.map(([number, part]) => ({
      PartNumber: number,
      ETag: part.etag,
      Size: part.data.length,
    })),
  });
}

export function abortUpload(call: ObjectCall): AwsReply {
  call.bucket.uploads.delete(findUpload(call).id);
  return s3Reply(204, '');
}

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_CompleteMultipartUpload.html */
export function completeUpload(call: ObjectCall): AwsReply {
  const { bucket, now } = call;
  const upload = findUpload(call);
  const wanted = readParts(call.payload.toString('utf8'));
  if (wanted.some(([number], index) => index > 0 && number <= (wanted[index - 1]?.[0] ?? 0))) {
    throw refusal('InvalidPartOrder', 400, 'The list of parts was not in ascending order.');
  }
  const parts = wanted.map(([number, etag]) => {
    const part = upload.parts.get(number);
    if (part === undefined || part.etag.replaceAll('"', '') !== etag) {
      throw refusal('InvalidPart', 400, 'One or more of the specified parts could not be found.');
    }
    return part;
  });
  if (parts.slice(0, -1).some((part) => part.data.length < MIN_PART_BYTES)) {
    throw refusal(
      'EntityTooSmall',
      400,
      'Your proposed upload is smaller than the minimum allowed size',
    );
  }
  const hashes = Buffer.concat(parts.map((part) => md5(part.data)));
  const etag = `"${md5(hashes).toString('hex')}-${parts.length}"`;
  const data = Buffer.concat(parts.map((part) => part.data));
  storeObject(bucket, upload.key, data, upload.headers, now, etag);
  bucket.uploads.delete(upload.id);
  return s3Answer('CompleteMultipartUploadResult', {
    Location: `/${bucket.name}/${upload.key}`,
    Bucket: bucket.name,
    Key: upload.key,
    ETag: etag,
  });
}

function findUpload(call: ObjectCall): Upload {
  const upload = call.bucket.uploads.get(call.query.get('uploadId') ?? '');
  if (upload?.key === call.objectKey) return upload;
  throw refusal('NoSuchUpload', 404, 'The specified upload does not exist.');
}

/** `<Part><PartNumber>1</PartNumber><ETag>"…"</ETag></Part>…`, children in any order. */
function readParts(xml: string): [number, string][] {
  const parts = [...xml.matchAll(/<Part>([\s\S]*?)<\/Part>/g)].map(([, part = '']) => {
    const number = /<PartNumber>\s*(\d{1,5})\s*</.exec(part)?.[1];
    const etag = /<ETag>\s*([^<]+?)\s*</.exec(part)?.[1];
    if (number === undefined || etag === undefined) throw malformed();
    return [Number(number), etag.replace(/"|&quot;|&#34;/g, '')] satisfies [number, string];
  });
  if (parts.length === 0) throw malformed();
  return parts;
}

function malformed(): Error {
  return refusal('MalformedXML', 400, 'The XML you provided was not well-formed');
}
