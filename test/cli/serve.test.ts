import { describe, expect, test } from 'vitest';

import type { RunningDaemon } from '../../src/cli/context.ts';
import { fromWire, ValetkeyError } from '../../src/core/errors.ts';
import { STATUS } from './fixtures.ts';
import { transcript } from './transcript.ts';

function daemon(closed: Promise<void>) {
  const stopped: string[] = [];
  const running: RunningDaemon = {
    status: async () => STATUS,
    closed,
    stop: async () => void stopped.push('stopped'),
  };
  return { running, stopped };
}

const sigtermListeners = () => process.listenerCount('SIGTERM');

describe('serve', () => {
  test('tells where it listens and ends with the daemon', async () => {
    const asked: unknown[] = [];
    const { running, stopped } = daemon(Promise.resolve());
    const seen = await transcript(['serve', '--config', 'my.yaml', '--ephemeral'], {
      daemon: {
        serve: async (options) => {
          asked.push(options);
          return running;
        },
      },
    });
    expect(asked).toEqual([{ config: 'my.yaml', ephemeral: true }]);
    expect(stopped).toEqual(['stopped']);
    expect(seen).toMatchInlineSnapshot(`
      {
        "calls": [],
        "changes": [],
        "code": 0,
        "stderr": "",
        "stdout": "serving ecs, imds on 127.0.0.1:9911
      secrets in keychain (Secret Service); process 4711; Ctrl-C stops it
      ",
      }
    `);
  });

  test('SIGTERM stops it; no listener of ours stays behind', async () => {
    const before = sigtermListeners();
    const { running, stopped } = daemon(new Promise(() => {}));
    const ended = transcript(['serve', '--output', 'json'], {
      daemon: { serve: async () => running },
    });
    while (sigtermListeners() === before) await new Promise(setImmediate);
    process.emit('SIGTERM');
    const { code, stdout } = await ended;
    expect([code, JSON.parse(stdout), stopped]).toEqual([0, STATUS, ['stopped']]);
    expect(sigtermListeners()).toBe(before);
  });

  test.for([
    ['ADDRESS_IN_USE', 8],
    ['ADDRESS_REFUSED', 9],
    ['CONFIG_INVALID', 2],
    ['DAEMON_RUNNING', 8],
  ] as const)('%s is exit code %i', async ([code, exit]) => {
    const seen = await transcript(['serve'], {
      daemon: { serve: () => Promise.reject(fromWire({ code, subject: '127.0.0.1:9911' })) },
    });
    expect([seen.code, seen.stdout]).toEqual([exit, '']);
    expect(seen.stderr).toContain('valetkey: error: 127.0.0.1:9911: ');
  });

  test('a daemon that dies takes the command with it', async () => {
    const { running } = daemon(Promise.reject(new ValetkeyError('STORE_UNREACHABLE')));
    const seen = await transcript(['serve'], { daemon: { serve: async () => running } });
    expect(seen.code).toBe(5);
  });
});
