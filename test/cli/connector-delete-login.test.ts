import { describe, expect, test } from 'vitest';

import { ValetkeyError } from '../../src/core/errors.ts';
import { AWS_S3 } from './fixtures.ts';
import { transcript } from './transcript.ts';

const line = (text: string) => transcript(text.split(' '));

describe('delete, login', () => {
  test('delete', async () => {
    expect(await line('connector delete aws-s3')).toMatchInlineSnapshot(`
      {
        "calls": [
          [
            "remove",
            {
              "name": "aws-s3",
            },
          ],
        ],
        "changes": [
          [
            "remove",
            {
              "name": "aws-s3",
            },
          ],
        ],
        "code": 0,
        "stderr": "connector aws-s3 deleted; credentials it issued stay valid until they expire
      ",
        "stdout": "",
      }
    `);
  });

  test('delete asks a person first', async () => {
    const no = await transcript(['connector', 'delete', 'aws-s3'], { keys: ['\r'] });
    expect(no.changes).toEqual([]);
    const yes = await transcript(['connector', 'delete', 'aws-s3'], { keys: ['y'] });
    expect(yes.changes).toEqual([['remove', { name: 'aws-s3' }]]);
  });

  test.for([
    ['Ctrl-C', '\u0003'],
    ['Ctrl-D', '\u0004'],
  ])('%s at a question ends the command', async ([, key = '']) => {
    for (const command of ['connector delete aws-s3', 'connector register -i']) {
      const cancelled = await transcript(command.split(' '), { keys: [key] });
      expect([cancelled.code, cancelled.changes]).toEqual([130, []]);
      expect(cancelled.stderr).toContain('nothing was changed');
    }
  });

  test('login that is not needed', async () => {
    const seen = await transcript(['connector', 'login', 'aws-s3'], {
      answers: { loginStart: async () => ({}) },
    });
    expect([seen.code, seen.stderr]).toEqual([0, 'connector aws-s3 needs no login\n']);
  });

  test('device login', async () => {
    const prompt = {
      kind: 'device',
      url: 'https://device.example/',
      userCode: 'ABCD-EFGH',
      expiresAt: '2026-11-21T12:10:00.000Z',
    } as const;
    const seen = await transcript(['connector', 'login', 'aws-s3'], {
      answers: {
        loginStart: async () => ({ flow: 'f-1', prompt }),
        loginFinish: async () => AWS_S3,
      },
    });
    expect(seen).toMatchInlineSnapshot(`
      {
        "calls": [
          [
            "loginStart",
            {
              "name": "aws-s3",
            },
          ],
          [
            "loginFinish",
            {
              "flow": "f-1",
            },
          ],
        ],
        "changes": [
          [
            "loginFinish",
            {
              "flow": "f-1",
            },
          ],
        ],
        "code": 0,
        "stderr": "open  https://device.example/
      and confirm the code  ABCD-EFGH
      waiting (10m) …
      logged in: connector aws-s3 is ready for 11h59m56s
      ",
        "stdout": "",
      }
    `);
  });

  test('MFA code: as a flag, from standard input, asked for, missing', async () => {
    const answers = {
      loginStart: async () =>
        ({ flow: 'f-1', prompt: { kind: 'code', label: 'Code of mfa/dev' } }) as const,
      loginFinish: async () => AWS_S3,
    };
    const argv = ['connector', 'login', 'aws-s3'];
    const finished = [['loginFinish', { flow: 'f-1', code: '123456' }]];
    expect((await transcript([...argv, '--code', '123456'], { answers })).changes).toEqual(
      finished,
    );
    expect((await transcript(argv, { answers, stdin: '123456\n' })).changes).toEqual(finished);
    expect((await transcript(argv, { answers, keys: ['123456\r'] })).changes).toEqual(finished);
    const missing = await transcript(argv, { answers });
    expect([missing.code, missing.changes]).toEqual([2, []]);
  });

  test('an unknown error is one fixed message, without what it says', async () => {
    const seen = await transcript(['connector', 'delete', 'aws-s3'], {
      answers: {
        remove: async () => {
          throw new Error('secret AKIAPLANTED');
        },
      },
      env: { VALETKEY_DEBUG: '1' },
    });
    expect(seen.code).toBe(1);
    expect(seen.stderr).toContain('something went wrong inside valetkey');
    expect(seen.stderr).toContain('    at ');
    expect(seen.stderr).not.toContain('AKIAPLANTED');
  });

  test('a refusal keeps its exit code and hint', async () => {
    const seen = await transcript(['connector', 'delete', 'aws-s3'], {
      answers: {
        remove: async () => {
          throw new ValetkeyError('IN_USE', {
            subject: 'aws-s3',
            hint: 'remove it from workload dev',
          });
        },
      },
    });
    expect(seen).toMatchInlineSnapshot(`
      {
        "calls": [
          [
            "remove",
            {
              "name": "aws-s3",
            },
          ],
        ],
        "changes": [
          [
            "remove",
            {
              "name": "aws-s3",
            },
          ],
        ],
        "code": 4,
        "stderr": "valetkey: error: aws-s3: the connector is in use
      valetkey: hint: remove it from workload dev
      ",
        "stdout": "",
      }
    `);
  });
});
