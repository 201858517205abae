import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { transcript } from './transcript.ts';

let cwd: string;
beforeEach(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'valetkey-cli-'));
});
afterEach(() => rm(cwd, { recursive: true }));

const KEYS = [
  'connector',
  'register',
  'aws-dev',
  '--type',
  'aws',
  '--auth-method',
  'session-token',
];

async function file(name: string, content: string, mode: number) {
  await writeFile(join(cwd, name), content);
  await chmod(join(cwd, name), mode);
}

/** The attributes that the first change carried. */
function sent({ changes }: Awaited<ReturnType<typeof transcript>>): unknown {
  return (changes[0]?.[1] as { attributes: unknown } | undefined)?.attributes;
}

describe('secrets', () => {
  test('from a private file and from standard input, without the last line break', async () => {
    await file('key', 'top=secret\n', 0o600);
    const seen = await transcript(
      [...KEYS, '--aws-access-key-id=@-', '--aws_secret_access_key=@key'],
      { cwd, stdin: 'AKIAEXAMPLE\r\n' },
    );
    expect(sent(seen)).toEqual({
      aws_access_key_id: 'AKIAEXAMPLE',
      aws_secret_access_key: 'top=secret',
    });
    expect(seen.stderr).not.toContain('warning');
  });

  test('torn from its flag by a space: refused without repeating it', async () => {
    const torn = await transcript([...KEYS, '--aws-secret-access-key=', 'planted']);
    expect([torn.code, torn.changes]).toEqual([2, []]);
    expect(torn.stdout + torn.stderr).not.toContain('planted');
  });

  test('in the arguments: taken, with a warning that does not repeat it', async () => {
    const seen = await transcript([
      ...KEYS,
      '--aws-secret-access-key=planted',
      '--region=eu-west-1',
    ]);
    expect(sent(seen)).toEqual({ aws_secret_access_key: 'planted', region: 'eu-west-1' });
    expect(seen.stderr.split('\n').filter((one) => one.includes('warning'))).toEqual([
      'valetkey: warning: --aws-secret-access-key is a secret and was given as an argument: other programs on this machine can see it, and the shell’s history keeps it',
    ]);
    expect(seen.stdout + seen.stderr).not.toContain('planted');
  });

  test('@@ is one literal @; a public value may come from a file that others can read', async () => {
    await file('region', 'eu-west-1', 0o644);
    const seen = await transcript([...KEYS, '--mfa-serial=@@dev', '--region=@region'], { cwd });
    expect(sent(seen)).toEqual({ mfa_serial: '@dev', region: 'eu-west-1' });
  });

  test('a secret file that others can read is refused, and nothing is saved', async () => {
    await file('key', 'planted', 0o644);
    const seen = await transcript([...KEYS, '--aws-secret-access-key=@key'], { cwd });
    expect([seen.code, seen.changes]).toEqual([9, []]);
    expect(seen.stderr).toContain(`${cwd}/key`);
    expect(seen.stderr).toContain('chmod 600');
    expect(seen.stderr).not.toContain('planted');
  });

  test('asked for at a terminal when they are missing, never shown', async () => {
    const seen = await transcript(KEYS, { keys: ['AKIAEXAMPLE\r', 'planted\r'] });
    expect(sent(seen)).toEqual({
      aws_access_key_id: 'AKIAEXAMPLE',
      aws_secret_access_key: 'planted',
    });
    expect(seen.stdout + seen.stderr).not.toContain('planted');
  });

  test('without a terminal nobody is asked: the API tells what is missing', async () => {
    expect(sent(await transcript(KEYS))).toEqual({});
  });
});
