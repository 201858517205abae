import type { SigningKey } from '../../../src/stand-ins/aws/sigv4.ts';

/** The requests worked through by AWS: the verifier agrees with the vendor, not with itself. */
const AUTH_HEADER = 'https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html';
const STREAMING = 'https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html';
const TRAILERS = 'https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming-trailers.html';

export const NOW = Date.parse('2013-05-24T00:00:00Z');
export const KEY: SigningKey = {
  accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
  secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
};
const EMPTY = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';

export interface Vector {
  readonly name: string;
  readonly source: string;
  readonly method?: string;
  readonly target?: string;
  readonly signedHeaders: string;
  readonly signature: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

const CHUNK_HEADERS = {
  host: 's3.amazonaws.com',
  'content-encoding': 'aws-chunked',
  'x-amz-date': '20130524T000000Z',
  'x-amz-decoded-content-length': '66560',
  'x-amz-storage-class': 'REDUCED_REDUNDANCY',
};

const chunks = (...signatures: string[]): string =>
  [65_536, 1024, 0]
    .map((size, index) => {
      const head = `${size.toString(16)};chunk-signature=${signatures[index]}\r\n`;
      return size === 0 ? head : `${head}${'a'.repeat(size)}\r\n`;
    })
    .join('');

export const SIGNED_CHUNKS: Vector = {
  name: 'signed chunks',
  source: STREAMING,
  method: 'PUT',
  target: '/examplebucket/chunkObject.txt',
  signedHeaders:
    'content-encoding;content-length;host;x-amz-content-sha256;x-amz-date;x-amz-decoded-content-length;x-amz-storage-class',
  signature: '4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9',
  headers: {
    ...CHUNK_HEADERS,
    'content-length': '66824',
    'x-amz-content-sha256': 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD',
  },
  body: `${chunks(
    'ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648',
    '0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497',
    'b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9',
  )}\r\n`,
};

export const SIGNED_TRAILER: Vector = {
  name: 'signed chunks and a signed trailer',
  source: TRAILERS,
  method: 'PUT',
  target: '/examplebucket/chunkObject.txt',
  signedHeaders:
    'content-encoding;host;x-amz-content-sha256;x-amz-date;x-amz-decoded-content-length;x-amz-storage-class;x-amz-trailer',
  signature: '106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e',
  headers: {
    ...CHUNK_HEADERS,
    'x-amz-content-sha256': 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER',
    'x-amz-trailer': 'x-amz-checksum-crc32c',
  },
  body: `${chunks(
    'b474d8862b1487a5145d686f57f013e54db672cee1c953b3010fb58501ef5aa2',
    '1c1344b170168f8e65b41376b44b20fe354e373826ccbbe2c1d40a8cae51e5c7',
    '2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992',
  )}x-amz-checksum-crc32c:sOO8/Q==\r\nx-amz-trailer-signature:d81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435\r\n\r\n`,
};

export const GET_OBJECT: Vector = {
  name: 'an object, with a range',
  source: AUTH_HEADER,
  target: '/test.txt',
  signedHeaders: 'host;range;x-amz-content-sha256;x-amz-date',
  signature: 'f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41',
  headers: { range: 'bytes=0-9', 'x-amz-content-sha256': EMPTY },
};

export const VECTORS: readonly Vector[] = [
  GET_OBJECT,
  {
    name: 'a key with a dollar, and a header that is not x-amz',
    source: AUTH_HEADER,
    method: 'PUT',
    target: '/test$file.text',
    signedHeaders: 'date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class',
    signature: '98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd',
    headers: {
      date: 'Fri, 24 May 2013 00:00:00 GMT',
      'x-amz-storage-class': 'REDUCED_REDUNDANCY',
      'x-amz-content-sha256': '44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072',
    },
    body: 'Welcome to Amazon S3.',
  },
  {
    name: 'a query that is out of order and has no value',
    source: AUTH_HEADER,
    target: '/?prefix=J&max-keys=2',
    signedHeaders: 'host;x-amz-content-sha256;x-amz-date',
    signature: '34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7',
    headers: { 'x-amz-content-sha256': EMPTY },
  },
  {
    name: 'a query name alone',
    source: AUTH_HEADER,
    target: '/?lifecycle',
    signedHeaders: 'host;x-amz-content-sha256;x-amz-date',
    signature: 'fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543',
    headers: { 'x-amz-content-sha256': EMPTY },
  },
  SIGNED_CHUNKS,
  SIGNED_TRAILER,
];
