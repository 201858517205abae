import { createServer } from 'node:http';
import { symlinkSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { execFileSync } from 'node:child_process';

import { describe, expect, it, onTestFinished } from 'vitest';

import { readRegularFile } from '../../../src/files/regular-file.ts';
import { localServer } from '../aws/local-server.ts';
import { never } from './bed.ts';
import { failure, folder, obtain } from './external-account-bed.ts';

const JSON_FORMAT = { type: 'json', subject_token_field_name: 'access_token' };

describe('a token from a file', () => {
  it('is all of it, read anew each time', async () => {
    const { write } = folder();
    const file = write('token', 'first.jwt.token\n');
    expect(await obtain({ credential_source: { file } })).toBe('first.jwt.token');
    write('token', 'second.jwt.token');
    expect(await obtain({ credential_source: { file } })).toBe('second.jwt.token');
  });

  it('may be where a link leads, as Kubernetes does it', async () => {
    const { home, write } = folder();
    const file = join(home, 'link');
    symlinkSync(write('token', 'a.b.c'), file);
    expect(await obtain({ credential_source: { file } })).toBe('a.b.c');
  });

  it('may be one field of an object', async () => {
    const file = folder().write('token', JSON.stringify({ access_token: 'a.b.c', other: 1 }));
    expect(await obtain({ credential_source: { file, format: JSON_FORMAT } })).toBe('a.b.c');
  });

  it.each([
    ['nothing', ' \n', { type: 'text' }],
    ['words', 'planted words', { type: 'text' }],
    ['too much', 'planted'.repeat(10_000), { type: 'text' }],
    ['no JSON', '{"planted', JSON_FORMAT],
    ['no object', '"planted"', JSON_FORMAT],
    ['nothing at all', 'null', JSON_FORMAT],
    ['no such field', '{"other":"planted"}', JSON_FORMAT],
    ['a field that is no text', '{"access_token":{"planted":1}}', JSON_FORMAT],
    [
      'a field that every object has',
      '{}',
      { type: 'json', subject_token_field_name: 'constructor' },
    ],
  ])('that holds %s', async (_, text, format) => {
    const file = folder().write('token', text);
    const error = await failure(obtain({ credential_source: { file, format } }));
    expect(error).toMatchObject({ code: 'UPSTREAM_MALFORMED', subject: 'credential_source.file' });
    expect(String(error)).not.toContain('planted');
  });

  it('that is not there, or is no file', async () => {
    const { home } = folder();
    const pipe = join(home, 'pipe');
    execFileSync('mkfifo', [pipe]);
    for (const file of [join(home, 'none'), home, pipe, '/dev/zero']) {
      const error = await failure(obtain({ credential_source: { file } }));
      expect(error).toMatchObject({ code: 'SECRET_MISSING', subject: 'credential_source.file' });
    }
  });

  // A regular file of the kernel's says that it has 0 bytes, however many there are (or terabytes).
  it.runIf(process.platform === 'linux')('that tells no size is bounded all the same', async () => {
    const maps = '/proc/self/maps';
    expect((await stat(maps)).size).toBe(0);
    await expect(readRegularFile(maps, 100, never())).rejects.toThrow(RangeError);
    expect(await readRegularFile('/proc/self/comm', 100, never())).not.toBe('');
  });

  it('is not read when nobody wants it any more', async () => {
    const file = folder().write('token', 'a.b.c');
    const signal = AbortSignal.abort(new Error('enough'));
    await expect(obtain({ credential_source: { file } }, { signal })).rejects.toThrow('enough');
  });
});

describe('a token from a URL', () => {
  it('is asked for with the headers', async () => {
    const server = await localServer(() => ({ body: 'a.b.c\n' }));
    const source = { url: `${server.url}/token?audience=x`, headers: { Metadata: 'True' } };
    expect(await obtain({ credential_source: source })).toBe('a.b.c');
    expect(server.seen).toMatchObject([
      { line: 'GET /token?audience=x', headers: { metadata: 'True' } },
    ]);
  });

  it('may be one field of an object', async () => {
    const server = await localServer(() => ({ body: '{"access_token":"a.b.c"}' }));
    const source = { url: server.url, format: JSON_FORMAT };
    expect(await obtain({ credential_source: source })).toBe('a.b.c');
  });

  it.each([
    [401, 'UPSTREAM_BAD_CREDENTIAL'],
    [403, 'UPSTREAM_DENIED'],
    [404, 'UPSTREAM_INVALID'],
    [429, 'UPSTREAM_THROTTLED'],
    [500, 'UPSTREAM_UNAVAILABLE'],
  ])('whose service answers with %i', async (status, code) => {
    const server = await localServer(() => ({ status, body: 'planted' }));
    const headers = { Authorization: 'Bearer planted' };
    const error = await failure(obtain({ credential_source: { url: server.url, headers } }));
    expect(error).toMatchObject({ code });
    expect(String(error)).not.toContain('planted');
  });

  it('goes nowhere else: a redirect is an error', async () => {
    const elsewhere = await localServer(() => ({ body: 'a.b.c' }));
    const server = createServer((_, response) =>
      response.writeHead(302, { location: elsewhere.url }).end(),
    );
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void server.close());
    const address = server.address();
    const port = typeof address === 'object' ? address?.port : 0;
    const source = { url: `http://127.0.0.1:${port}/`, headers: { Authorization: 'planted' } };
    const error = await failure(obtain({ credential_source: source }));
    expect(error).toMatchObject({ code: 'UPSTREAM_INVALID' });
    expect(elsewhere.seen).toEqual([]);
  });

  it('that is too long', async () => {
    const server = await localServer(() => ({ body: 'x'.repeat(70_000) }));
    const error = await failure(obtain({ credential_source: { url: server.url } }));
    expect(error).toMatchObject({ code: 'UPSTREAM_MALFORMED' });
  });

  it('is not waited for when nobody wants it any more', async () => {
    const controller = new AbortController();
    const server = await localServer(() => {
      controller.abort(new Error('enough'));
      return undefined;
    });
    const { signal } = controller;
    const asked = obtain({ credential_source: { url: server.url } }, { signal });
    await expect(asked).rejects.toThrow('enough');
  });

  it('where nobody answers', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    const port = typeof address === 'object' ? address?.port : 0;
    await new Promise((resolve) => server.close(resolve));
    const error = await failure(obtain({ credential_source: { url: `http://127.0.0.1:${port}` } }));
    expect(error).toMatchObject({ code: 'UPSTREAM_UNAVAILABLE' });
  });
});
