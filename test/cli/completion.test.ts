import { execFileSync } from 'node:child_process';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { mayBeMissing } from '../support/programs.ts';
import { transcript } from './transcript.ts';

/** Candidates without their descriptions. */
async function complete(...words: string[]) {
  const { stdout } = await transcript(['__complete', '--', ...words]);
  return stdout
    .split('\n')
    .filter(Boolean)
    .map((one) => one.split('\t')[0]);
}

describe('candidates', () => {
  test.for([
    [['ser'], ['serve']],
    [
      ['connector', 'list'],
      ['list-types', 'list', 'list-resources'],
    ],
    [['service-connector', 'ver'], ['verify']],
    [['connector', 'describe', ''], ['aws-s3']],
    [['connector', 'register', ''], []],
    [['connector', 'register', 'x', '--type', ''], ['aws']],
    [['connector', 'register', 'x', '--type=a'], ['--type=aws']],
    [
      ['connector', 'register', 'x', '-t', 'aws', '-a', ''],
      ['profile', 'session-token'],
    ],
    [['connector', 'describe-type', 'aws', '--resource_type', 's'], ['s3-bucket']],
    [['connector', 'register', 'x', '--type', 'aws', '-a', 'profile', '--pro'], ['--profile=']],
    [['connector', 'update', 'aws-s3', '--aws-s'], ['--aws-secret-access-key=']],
    [['connector', 'register', 'x', '--region=@'], [':files']],
    [['connector', 'list', '--out'], ['--output']],
    [
      ['connector', 'list', '-o', ''],
      ['table', 'json', 'yaml'],
    ],
    [['connector', 'list', ''], []],
    [['connector', 'describe', 'aws-s3', ''], []],
    [['env', ''], ['dev']],
    [['exec', '--grant', 'aws'], ['aws-s3']],
    [['exec', '--grant', 'aws-s3', '--', 'py'], [':files']],
    [['serve', '--config', ''], [':files']],
    [
      ['completion', ''],
      ['bash', 'zsh', 'fish'],
    ],
    [['no-such', ''], []],
  ] as const)('%j', async ([words, expected]) => {
    expect(await complete(...words)).toEqual(expected);
  });

  test('the commands, without the hidden one', async () => {
    const found = await complete('');
    expect(found).toEqual(expect.arrayContaining(['serve', 'exec', 'connector', 'store', 'help']));
    expect(found).not.toContain('__complete');
  });

  test('an API that fails is no reason to disturb a person', async () => {
    const seen = await transcript(['__complete', '--', 'connector', 'describe', ''], {
      answers: { listConnectors: () => Promise.reject(new Error('down')) },
    });
    expect(seen).toMatchObject({ code: 0, stdout: '', stderr: '' });
  });
});

describe('scripts in their shells', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'valetkey-completion-'));
    // Stands in for the program: prints the words it was asked about, then fixed candidates.
    const program = `#!/bin/sh
[ "$2" = -- ] || exit 1
shift 2
printf '%s\\n' "$@" > '${folder}/asked'
case "$*" in *--config*) echo :files ;; *--type=*) printf -- '--type=aws\\tAmazon\\n' ;;
  *) printf 'aws-dev\\ta connector\\naws-s3\\tanother\\n' ;; esac
`;
    await writeFile(join(folder, 'valetkey'), program);
    await chmod(join(folder, 'valetkey'), 0o755);
    await writeFile(join(folder, 'config.yaml'), '');
    for (const shell of ['bash', 'zsh', 'fish']) {
      await writeFile(join(folder, `_${shell}`), (await transcript(['completion', shell])).stdout);
    }
  });
  afterAll(() => rm(folder, { recursive: true }));

  const run = (program: string, args: string[]) =>
    execFileSync(program, args, {
      cwd: folder,
      env: { PATH: `${folder}:${process.env['PATH']}`, HOME: folder, TERM: 'dumb' },
      encoding: 'utf8',
    });
  const asked = () => run('cat', ['asked']).trimEnd().split('\n');

  /** bash splits words at `=` and `:` before a completion sees them. */
  function bash(words: readonly string[]) {
    const script = `. ./_bash; compopt() { echo "compopt $*"; }
COMP_WORDS=(${words.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${words.length - 1}; _valetkey
printf '%s\\n' "\${COMPREPLY[@]}"`;
    return run('bash', ['--norc', '-c', script]).trimEnd().split('\n');
  }

  test('bash', () => {
    expect(bash(['valetkey', 'connector', 'describe', 'aws'])).toEqual(['aws-dev', 'aws-s3']);
    expect(asked()).toEqual(['connector', 'describe', 'aws']);
    expect(bash(['valetkey', 'connector', 'register', 'x', '--type', '=', 'a'])).toEqual(['aws']);
    expect(asked()).toEqual(['connector', 'register', 'x', '--type=a']);
    expect(bash(['valetkey', 'exec', '--grant', 'a', '=', 's3', ':', '//b', ''])).toEqual([
      'aws-dev',
      'aws-s3',
    ]);
    expect(asked()).toEqual(['exec', '--grant', 'a=s3://b']);
    expect(bash(['valetkey', 'serve', '--config', ''])).toEqual(['compopt -o default']);
  });

  const askFish = (text: string) =>
    run('fish', ['--no-config', '-c', `source ./_fish; complete -C '${text}'`])
      .trimEnd()
      .split('\n');

  test.skipIf(mayBeMissing('fish'))('fish', () => {
    expect(askFish('valetkey connector describe aws')).toEqual([
      'aws-dev\ta connector',
      'aws-s3\tanother',
    ]);
    expect(asked()).toEqual(['connector', 'describe', 'aws']);
    expect(askFish('valetkey serve --config con')).toEqual(['config.yaml']);
  });

  test.skipIf(mayBeMissing('zsh'))('zsh', () => {
    const script = `compdef() { :; }; compadd() { print -r -- "$@"; print -rl -- $values; }; _files() { print files; }
. ./_zsh; words=(valetkey connector describe aws); CURRENT=4; _valetkey; words=(valetkey serve --config ''); CURRENT=4; _valetkey`;
    expect(run('zsh', ['-fc', script]).trimEnd().split('\n')).toEqual([
      '-l -d texts -a values',
      'aws-dev',
      'aws-s3',
      'files',
    ]);
    expect(asked().slice(0, 2)).toEqual(['serve', '--config']);
  });
});
