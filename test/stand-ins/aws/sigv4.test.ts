import { describe, expect, it } from 'vitest';
import type { AwsRequest } from '../../../src/stand-ins/aws/request.ts';
import { verifySignature } from '../../../src/stand-ins/aws/sigv4.ts';
import type { SigningKey } from '../../../src/stand-ins/aws/sigv4.ts';
import { GET_OBJECT, KEY, NOW, SIGNED_CHUNKS, SIGNED_TRAILER, VECTORS } from './sigv4-vectors.ts';
import type { Vector } from './sigv4-vectors.ts';

function requestOf(
  vector: Vector,
  changes: Readonly<Record<string, string | undefined>> = {},
): AwsRequest {
  const [path = '', query = ''] = (vector.target ?? '/').split('?');
  const scope = `${KEY.accessKeyId}/20130524/us-east-1/s3/aws4_request`;
  const headers = {
    host: 'examplebucket.s3.amazonaws.com',
    'x-amz-date': '20130524T000000Z',
    ...vector.headers,
    authorization: `AWS4-HMAC-SHA256 Credential=${scope},SignedHeaders=${vector.signedHeaders},Signature=${vector.signature}`,
    ...changes,
  };
  const present = Object.entries(headers).filter(
    (entry): entry is [string, string] => entry[1] !== undefined,
  );
  return {
    method: vector.method ?? 'GET',
    path,
    query,
    headers: new Map(present),
    body: Buffer.from(vector.body ?? ''),
  };
}

const find = (id: string): SigningKey | undefined => (id === KEY.accessKeyId ? KEY : undefined);
const verdict = (request: AwsRequest, now = NOW, key = KEY): string => {
  const verified = verifySignature(request, (id) => (find(id) ? key : undefined), now);
  return typeof verified === 'string' ? verified : 'good';
};

const change = (changes: Readonly<Record<string, string | undefined>>): string =>
  verdict(requestOf(GET_OBJECT, changes));

const edit = (vector: Vector, from: string, to: string): string =>
  verdict(requestOf({ ...vector, body: vector.body?.replace(from, to) ?? '' }));

describe('AWS’s own worked examples', () => {
  it.each(VECTORS)('accepts $name', (vector) => {
    expect(verdict(requestOf(vector))).toBe('good');
  });

  it('takes the chunk framing off', () => {
    const verified = verifySignature(requestOf(SIGNED_TRAILER), find, NOW);
    expect(
      typeof verified === 'string' ? verified : verified.payload.equals(Buffer.alloc(66_560, 'a')),
    ).toBe(true);
  });
});

describe('one thing changed in a good request', () => {
  it.each([
    { name: 'no signature', changes: { authorization: undefined }, problem: 'unsigned' },
    { name: 'another scheme', changes: { authorization: 'Bearer abc' }, problem: 'incomplete' },
    { name: 'no date', changes: { 'x-amz-date': undefined }, problem: 'incomplete' },
    {
      name: 'a signed header changed',
      changes: { range: 'bytes=0-10' },
      problem: 'wrong-signature',
    },
    { name: 'a signed header removed', changes: { range: undefined }, problem: 'wrong-signature' },
    {
      name: 'an x-amz header added',
      changes: { 'x-amz-acl': 'public-read' },
      problem: 'header-not-signed',
    },
    {
      name: 'a token on a long-term key',
      changes: { 'x-amz-security-token': 'x' },
      problem: 'token-wrong',
    },
    {
      name: 'another hash',
      changes: { 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' },
      problem: 'wrong-signature',
    },
  ])('$name: $problem', ({ changes, problem }) => {
    expect(change(changes)).toBe(problem);
  });

  it('another body under the same hash', () => {
    expect(verdict({ ...requestOf(GET_OBJECT), body: Buffer.from('x') })).toBe(
      'wrong-payload-hash',
    );
  });

  it('another path, method or query', () => {
    const good = requestOf(GET_OBJECT);
    expect(verdict({ ...good, path: '/test.txt2' })).toBe('wrong-signature');
    expect(verdict({ ...good, method: 'DELETE' })).toBe('wrong-signature');
    expect(verdict({ ...good, query: 'acl' })).toBe('wrong-signature');
    expect(verdict({ ...good, path: '/%zz' })).toBe('wrong-signature');
  });

  it('another secret, or a key nobody has', () => {
    expect(verdict(requestOf(GET_OBJECT), NOW, { ...KEY, secretAccessKey: 'x' })).toBe(
      'wrong-signature',
    );
    expect(verifySignature(requestOf(GET_OBJECT), () => undefined, NOW)).toBe('unknown-key');
  });

  it('a clock 15 minutes off is good, one second more is not', () => {
    const quarter = 15 * 60_000;
    const request = requestOf(GET_OBJECT);
    expect(verdict(request, NOW + quarter)).toBe('good');
    expect(verdict(request, NOW - quarter)).toBe('good');
    expect(verdict(request, NOW + quarter + 1000)).toBe('signed-in-past');
    expect(verdict(request, NOW - quarter - 1000)).toBe('signed-in-future');
  });

  it('a temporary key wants its token, until it expires', () => {
    const temporary = { ...KEY, sessionToken: 'T', expiresAt: NOW };
    expect(verdict(requestOf(GET_OBJECT), NOW - 1, temporary)).toBe('token-missing');
    expect(
      verdict(requestOf(GET_OBJECT, { 'x-amz-security-token': 'U' }), NOW - 1, temporary),
    ).toBe('token-wrong');
    expect(verdict(requestOf(GET_OBJECT, { 'x-amz-security-token': 'T' }), NOW, temporary)).toBe(
      'token-expired',
    );
  });
});

describe('one thing changed in a good chunked body', () => {
  it.each([
    { name: 'data', vector: SIGNED_CHUNKS, from: 'aaa', to: 'aba', problem: 'wrong-signature' },
    {
      name: 'a chunk signature',
      vector: SIGNED_CHUNKS,
      from: '0055627',
      to: '1055627',
      problem: 'wrong-signature',
    },
    {
      name: 'a chunk size',
      vector: SIGNED_CHUNKS,
      from: '400;',
      to: '401;',
      problem: 'wrong-signature',
    },
    {
      name: 'the end cut off',
      vector: SIGNED_CHUNKS,
      from: '0;chunk-signature=b6',
      to: '',
      problem: 'bad-chunks',
    },
    {
      name: 'the checksum',
      vector: SIGNED_TRAILER,
      from: 'sOO8/Q==',
      to: 'sOO8/R==',
      problem: 'wrong-signature',
    },
    {
      name: 'the trailer signature',
      vector: SIGNED_TRAILER,
      from: 'd81f82fc',
      to: 'e81f82fc',
      problem: 'wrong-signature',
    },
  ])('$name: $problem', ({ vector, from, to, problem }) => {
    expect(edit(vector, from, to)).toBe(problem);
  });
});
