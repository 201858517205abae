import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { refusalOf } from './setup.ts';
import { startStorageBed } from './storage-bed.ts';

const LIST = '/storage/v1/b/own-bucket/o';
const UPLOAD = '/upload/storage/v1/b/own-bucket/o';

type Listed = { items?: { name: string }[]; prefixes?: string[]; nextPageToken?: string };

describe('listings', () => {
  async function list(query: string) {
    const bed = await startStorageBed();
    const {
      items = [],
      prefixes = [],
      nextPageToken,
    } = (await bed.read(`${LIST}?${query}`)).body as Listed;
    return { names: items.map(({ name }) => name), prefixes, nextPageToken };
  }

  it.each([
    { query: '', names: ['a/1.txt', 'a/2.txt', 'b/3.txt', 'top.txt'], prefixes: [] },
    { query: 'prefix=a/', names: ['a/1.txt', 'a/2.txt'], prefixes: [] },
    { query: 'delimiter=/', names: ['top.txt'], prefixes: ['a/', 'b/'] },
    { query: 'prefix=a/&delimiter=/', names: ['a/1.txt', 'a/2.txt'], prefixes: [] },
    { query: 'prefix=none', names: [], prefixes: [] },
    { query: 'startOffset=a/2.txt&endOffset=top.txt', names: ['a/2.txt', 'b/3.txt'], prefixes: [] },
  ])('of "$query"', async ({ query, names, prefixes }) => {
    expect(await list(query)).toEqual({ names, prefixes, nextPageToken: undefined });
  });

  it('come in pages, folders and objects in one order', async () => {
    const bed = await startStorageBed();
    const seen: string[] = [];
    let token = '';
    do {
      const path = `${LIST}?delimiter=/&maxResults=1&pageToken=${token}`;
      // oxlint-disable-next-line no-await-in-loop -- each page names the next
      const page = (await bed.read(path)).body as Listed;
      seen.push(...(page.items ?? []).map(({ name }) => name), ...(page.prefixes ?? []));
      token = page.nextPageToken ?? '';
    } while (token !== '');
    expect(seen).toEqual(['a/', 'b/', 'top.txt']);
    expect(refusalOf(await bed.read(`${LIST}?pageToken=made-up`))).toBe('400 invalid');
    expect(refusalOf(await bed.read(`${LIST}?maxResults=0`))).toBe('400 invalidParameter');
  });

  it('of buckets are by project, in pages', async () => {
    const bed = await startStorageBed();
    bed.google.buckets.add({ name: 'far-bucket', project: 'demo' });
    bed.google.buckets.add({ name: 'else-bucket', project: 'other' });
    bed.google.buckets.allow(bed.member, 'projects/demo', 'roles/storage.bucketViewer');
    const first = (await bed.read('/storage/v1/b?project=demo&maxResults=1')).body as Listed;
    expect(first.items?.map(({ name }) => name)).toEqual(['far-bucket']);
    const path = `/storage/v1/b?project=demo&pageToken=${first.nextPageToken}`;
    const second = (await bed.read(path)).body as Listed;
    expect(second.items?.map(({ name }) => name)).toEqual(['own-bucket']);
    expect(second.nextPageToken).toBeUndefined();
    expect(refusalOf(await bed.read('/storage/v1/b'))).toBe('400 required');
  });
});

describe('an object', () => {
  it('has what clients look for', async () => {
    const bed = await startStorageBed();
    const { body } = await bed.read(`${LIST}/top.txt`);
    expect(body).toMatchObject({
      kind: 'storage#object',
      id: expect.stringMatching(/^own-bucket\/top\.txt\/\d{16}$/),
      selfLink: `${bed.google.url}${LIST}/top.txt`,
      name: 'top.txt',
      bucket: 'own-bucket',
      size: '11',
      contentType: 'text/plain',
      storageClass: 'STANDARD',
      md5Hash: createHash('md5').update('hello world').digest('base64'),
      crc32c: 'yZRlqg==', // of "hello world", as gsutil hash prints it
      timeCreated: '2026-11-02T09:00:00.000Z',
      etag: expect.any(String),
    });
    const media = await bed.read(String(body['mediaLink']));
    expect(media.text).toBe('hello world');
    expect(media.headers.get('content-type')).toBe('text/plain');
    expect(media.headers.get('x-goog-hash')).toContain('crc32c=yZRlqg==');
  });

  it('is read whole, in parts, and by the XML API', async () => {
    const bed = await startStorageBed();
    const part = async (range: string, path = `${LIST}/top.txt?alt=media`) => {
      const { status, text, headers } = await bed.send('GET', path, undefined, { range });
      return `${status} ${text} ${headers.get('content-range')}`;
    };
    expect(await part('bytes=0-4')).toBe('206 hello bytes 0-4/11');
    expect(await part('bytes=6-')).toBe('206 world bytes 6-10/11');
    expect(await part('bytes=-5')).toBe('206 world bytes 6-10/11');
    expect(await part('bytes=0-99')).toBe('206 hello world bytes 0-10/11');
    const after = await bed.send('GET', `${LIST}/top.txt?alt=media`, undefined, {
      range: 'bytes=11-',
    });
    expect(refusalOf(after)).toBe('416 requestedRangeNotSatisfiable');
    expect((await bed.read('/own-bucket/a/1.txt')).text).toBe('one');
    const missing = await bed.read('/own-bucket/none');
    expect(missing.status).toBe(404);
    expect(missing.text).toContain('<Code>NoSuchKey</Code>');
    expect((await bed.get('/own-bucket/a/1.txt')).text).toContain('AuthenticationRequired');
  });

  it('is not found where it is not', async () => {
    const bed = await startStorageBed();
    expect(refusalOf(await bed.read(`${LIST}/none`))).toBe('404 notFound');
    expect(refusalOf(await bed.read(`${LIST}/top.txt?generation=1`))).toBe('404 notFound');
    expect(refusalOf(await bed.read('/storage/v1/b/no-such-bucket/o/x'))).toBe('404 notFound');
    expect(refusalOf(await bed.read(`${LIST}/%zz`))).toBe('400 INVALID_ARGUMENT');
    expect(refusalOf(await bed.read('/storage/v2/b'))).toBe('404 NOT_FOUND');
  });
});

describe('writing', () => {
  it('in one request', async () => {
    const bed = await startStorageBed();
    const answer = await bed.put('new/é.txt', 'bonjour');
    expect(answer.body).toMatchObject({ name: 'new/é.txt', size: '7', contentType: 'text/plain' });
    const read = await bed.read(`${LIST}/${encodeURIComponent('new/é.txt')}?alt=media`);
    expect(read.text).toBe('bonjour');
    expect(refusalOf(await bed.put('', 'x'))).toBe('400 required');
    expect(refusalOf(await bed.put('a\nb', 'x'))).toBe('400 invalidParameter');
    expect(refusalOf(await bed.send('POST', `${UPLOAD}?name=x`, 'x'))).toBe('400 invalidParameter');
  });

  it('with a description beside it', async () => {
    const bed = await startStorageBed();
    const multipart = (resource: object, end = '--=') =>
      bed.send(
        'POST',
        `${UPLOAD}?uploadType=multipart`,
        `--=\r\nContent-Type: application/json\r\n\r\n${JSON.stringify(resource)}\r\n--=\r\nContent-Type: text/csv\r\n\r\na,b\r\n\r\n${end}--\r\n`,
        { 'content-type': 'multipart/related; boundary="="' },
      );
    const { body } = await multipart({ name: 'x.csv', metadata: { colour: 'red' } });
    expect(body).toMatchObject({
      name: 'x.csv',
      size: '5',
      contentType: 'text/csv',
      metadata: { colour: 'red' },
    });
    expect(refusalOf(await multipart({ name: 'x.csv', md5Hash: 'wrong' }))).toBe('400 invalid');
    expect(refusalOf(await multipart({ name: 'x.csv' }, '--other'))).toBe('400 badContent');
  });

  it('in pieces, by a URL that is a capability', async () => {
    const bed = await startStorageBed();
    const start = await bed.send(
      'POST',
      `${UPLOAD}?uploadType=resumable&name=big.bin`,
      '{"contentType":"application/x-big"}',
    );
    const session = start.headers.get('location') ?? '';
    expect(session).toContain(`${bed.google.url}${UPLOAD}?uploadType=resumable`);
    const piece = Buffer.alloc(256 * 1024, 1);
    const put = (body: Buffer, range: string) =>
      fetch(session, {
        method: 'PUT',
        body: new Uint8Array(body),
        headers: { 'content-range': range },
      });
    const question = await put(Buffer.alloc(0), 'bytes */*');
    expect([question.status, question.headers.get('range')]).toEqual([308, null]);
    const first = await put(piece, 'bytes 0-262143/*');
    expect([first.status, first.headers.get('range')]).toEqual([308, 'bytes=0-262143']);
    expect((await put(piece, 'bytes 0-262143/*')).status).toBe(400);
    expect((await put(Buffer.from('short'), 'bytes 262144-262148/*')).status).toBe(400);
    const last = await put(Buffer.from('end'), 'bytes 262144-262146/262147');
    expect(last.status).toBe(200);
    expect(await last.json()).toMatchObject({ size: '262147', contentType: 'application/x-big' });
    expect((await put(piece, 'bytes 0-262143/*')).status).toBe(404);
    expect(bed.google.calls.count('storage:objects.resume')).toBe(6);
  });

  it('only on conditions that hold', async () => {
    const bed = await startStorageBed();
    expect(refusalOf(await bed.put('top.txt', 'x', '&ifGenerationMatch=0'))).toBe(
      '412 conditionNotMet',
    );
    const made = await bed.put('new.txt', 'x', '&ifGenerationMatch=0');
    const generation = String(made.body['generation']);
    expect(refusalOf(await bed.put('new.txt', 'y', '&ifGenerationMatch=1'))).toBe(
      '412 conditionNotMet',
    );
    const again = await bed.put('new.txt', 'y', `&ifGenerationMatch=${generation}`);
    expect(BigInt(String(again.body['generation']))).toBeGreaterThan(BigInt(generation));
    const wrong = { 'content-md5': createHash('md5').update('other').digest('base64') };
    expect(refusalOf(await bed.put('new.txt', 'z', '', wrong))).toBe('400 invalid');
  });

  it('by copying, composing and deleting', async () => {
    const bed = await startStorageBed();
    const rewrite = await bed.send('POST', `${LIST}/top.txt/rewriteTo/b/own-bucket/o/copy.txt`, '');
    expect(rewrite.body).toMatchObject({ done: true, resource: { name: 'copy.txt', size: '11' } });
    const copied = await bed.send('POST', `${LIST}/top.txt/copyTo/b/own-bucket/o/c%2Fd.txt`, '');
    expect(copied.body).toMatchObject({ name: 'c/d.txt', contentType: 'text/plain' });
    const compose = (names: readonly string[]) =>
      bed.send(
        'POST',
        `${LIST}/all.txt/compose`,
        JSON.stringify({
          sourceObjects: names.map((name) => ({ name })),
          destination: { contentType: 'text/plain' },
        }),
      );
    expect((await compose(['a/1.txt', 'a/2.txt'])).body).toMatchObject({ size: '6' });
    expect((await bed.read(`${LIST}/all.txt?alt=media`)).text).toBe('onetwo');
    expect(refusalOf(await compose([]))).toBe('400 invalid');
    expect(refusalOf(await compose(['none']))).toBe('404 notFound');
    expect((await bed.send('DELETE', `${LIST}/all.txt`)).status).toBe(204);
    expect(refusalOf(await bed.send('DELETE', `${LIST}/all.txt`))).toBe('404 notFound');
  });
});

describe('a batch', () => {
  it('answers each call as if it had come alone', async () => {
    const bed = await startStorageBed();
    const batch = (...calls: readonly string[]) =>
      bed.send(
        'POST',
        '/batch/storage/v1',
        calls
          .map(
            (call, at) =>
              `--x\r\nContent-Type: application/http\r\nContent-ID: <b+${at}>\r\n\r\n${call}\r\n`,
          )
          .join('') + '--x--',
        { 'content-type': 'multipart/mixed; boundary="x"' },
      );
    const answer = await batch(
      `DELETE ${LIST}/top.txt HTTP/1.1\r\n\r\n`,
      `GET ${LIST}/none HTTP/1.1\r\nAccept: application/json\r\n\r\n`,
      `GET ${LIST}/a%2F1.txt?alt=media HTTP/1.1\r\nAuthorization: Bearer no\r\n\r\n`,
      `POST ${LIST}/all/compose HTTP/1.1\r\n\r\n{"sourceObjects":[{"name":"a/1.txt"}]}`,
    );
    expect(answer.headers.get('content-type')).toContain('multipart/mixed; boundary=batch_');
    const lines = answer.text.split('\r\n');
    expect(lines.filter((line) => /^(HTTP|Content-ID)/.test(line))).toEqual([
      'Content-ID: <response-b+0>',
      'HTTP/1.1 204 No Content',
      'Content-ID: <response-b+1>',
      'HTTP/1.1 404 Not Found',
      'Content-ID: <response-b+2>',
      'HTTP/1.1 401 Unauthorized',
      'Content-ID: <response-b+3>',
      'HTTP/1.1 200 OK',
    ]);
    expect(bed.bucket.objects.get('all')?.data.toString()).toBe('one');
    expect(bed.google.calls.count('storage:objects.delete')).toBe(1);
    expect(refusalOf(await batch())).toBe('400 badContent');
    expect(refusalOf(await batch('GET /oauth2/v3/certs HTTP/1.1'))).toBe('400 badContent');
    const many = Array.from({ length: 101 }, () => `GET ${LIST} HTTP/1.1`);
    expect(refusalOf(await batch(...many))).toBe('400 badContent');
  });
});
