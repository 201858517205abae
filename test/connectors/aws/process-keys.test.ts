import { existsSync } from 'node:fs';

import { describe, expect, it } from 'vitest';

import { splitCommand } from '../../../src/connectors/outbound/command-line.ts';
import { processKeys } from '../../../src/connectors/aws/process-keys.ts';
import { settle } from '../../support/fake-clock.ts';
import { never } from './aws-bed.ts';
import { awsHome } from './aws-home.ts';

/** Runs a script of Node's, given as a file because no shell is there to quote it. */
function run(script: string, more: { signal?: AbortSignal; env?: Record<string, string> } = {}) {
  const home = awsHome(more.env === undefined ? {} : { env: more.env });
  const file = home.write('process.mjs', script);
  const command = `'${process.execPath}' '${file}' 'an argument'`;
  return { home, keys: processKeys(command, home, more.signal ?? never()) };
}
const print = (value: unknown) => `console.log(${JSON.stringify(JSON.stringify(value))})`;

describe('the words of a command', () => {
  it.each<[string, readonly string[]]>([
    ['/opt/vault get key', ['/opt/vault', 'get', 'key']],
    ['  a \t b  ', ['a', 'b']],
    [`a "b c" 'd e'`, ['a', 'b c', 'd e']],
    [`a b"c"'d'e`, ['a', 'bcde']],
    [`a "" ''`, ['a', '', '']],
    [String.raw`a b\ c \"d\"`, ['a', 'b c', '"d"']],
    [String.raw`a "b \" \\ \x"`, ['a', String.raw`b " \ \x`]],
    [String.raw`a 'b \' c`, ['a', String.raw`b \ `.trim(), 'c']],
    ['a $HOME ~ | rm *', ['a', '$HOME', '~', '|', 'rm', '*']],
  ])('%s', (command, words) => {
    expect(splitCommand(command, false)).toEqual(words);
  });

  it('on Windows', () => {
    expect(splitCommand(String.raw`C:\tools\vault.exe "C:\my files\k" 'x`, true)).toEqual([
      String.raw`C:\tools\vault.exe`,
      String.raw`C:\my files\k`,
      `'x`,
    ]);
  });

  it('with a quote that is not closed', () => {
    expect(() => splitCommand('a "b', false)).toThrow(RangeError);
  });
});

describe('a credential_process', () => {
  const SESSION = {
    Version: 1,
    AccessKeyId: 'ASIAPROCESS000000001',
    SecretAccessKey: 'planted-secret',
    SessionToken: 'planted-token',
    Expiration: '2026-11-02T12:00:00+00:00',
  };

  it('yields its keys with their true expiry', async () => {
    expect(await run(print(SESSION)).keys).toMatchObject({
      keys: { accessKeyId: SESSION.AccessKeyId },
      expiresAt: Date.parse('2026-11-02T12:00:00Z'),
    });
  });

  it('may yield keys that never expire', async () => {
    const { SessionToken: _, Expiration: __, ...longLived } = SESSION;
    const found = await run(print(longLived)).keys;
    expect(found.expiresAt).toBeUndefined();
    expect(found.keys.sessionToken).toBeUndefined();
  });

  it('gets its arguments and the machine’s variables, and no others', async () => {
    const script = `console.log(JSON.stringify({ ...${JSON.stringify(SESSION)},
      SecretAccessKey: process.argv[2] + ' ' + process.env.MARK + ' ' + process.env.VITEST }))`;
    const { keys } = await run(script, { env: { MARK: 'here' } }).keys;
    expect(keys.secretAccessKey.reveal()).toBe('an argument here undefined');
  });

  it.each([
    ['a failure', `console.error('planted-why'); process.exit(3)`, 'UPSTREAM_DENIED'],
    ['another version', print({ ...SESSION, Version: 2 }), 'UPSTREAM_MALFORMED'],
    ['a version as text', print({ ...SESSION, Version: '1' }), 'UPSTREAM_MALFORMED'],
    ['half a key pair', print({ ...SESSION, SecretAccessKey: undefined }), 'UPSTREAM_MALFORMED'],
    [
      'an expiry without its zone',
      print({ ...SESSION, Expiration: '2026-11-02 12:00' }),
      'UPSTREAM_MALFORMED',
    ],
    [
      'keys that have expired',
      print({ ...SESSION, Expiration: '2026-11-02T08:00:00Z' }),
      'CREDENTIAL_EXPIRED',
    ],
    ['nothing', '', 'UPSTREAM_MALFORMED'],
    ['more than JSON', `${print(SESSION)}; console.log('planted')`, 'UPSTREAM_MALFORMED'],
    [
      'a flood',
      `process.stdout.write('x'.repeat(200_000)); setInterval(() => {}, 1000)`,
      'UPSTREAM_MALFORMED',
    ],
  ])('%s', async (_, script, code) => {
    const error: unknown = await run(script).keys.catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code });
    expect(String(error)).not.toContain('planted');
  });

  it('that does not exist', async () => {
    await expect(processKeys('/nonexistent/program', awsHome(), never())).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
    });
  });

  it.each(['', '"'])('that is no command: %j', async (command) => {
    await expect(processKeys(command, awsHome(), never())).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
    });
  });

  it('is no shell command', async () => {
    const home = awsHome();
    const target = `${home.home}/made`;
    await expect(processKeys(`true; touch ${target}`, home, never())).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
    });
    expect(existsSync(target)).toBe(false);
  });

  it('that hangs is ended after a minute', async () => {
    const { home, keys } = run('setInterval(() => {}, 1000)');
    const outcome = expect(keys).rejects.toMatchObject({ code: 'UPSTREAM_UNAVAILABLE' });
    await settle();
    await home.clock.advance(60_000);
    await outcome;
  });

  it('ends at once when it is told to', async () => {
    const controller = new AbortController();
    const { keys } = run('setInterval(() => {}, 1000)', { signal: controller.signal });
    controller.abort(new Error('enough'));
    await expect(keys).rejects.toThrow('enough');
  });
});
