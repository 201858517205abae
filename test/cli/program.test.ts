import { expect, test } from 'vitest';

import { transcript } from './transcript.ts';

const line = (text: string) => transcript(text.split(' '));

test.for([0, 1])('demo: its words and its exit code %i', async (code) => {
  const seen = await transcript(['demo'], {
    daemon: {
      runDemo: async (write) => {
        write('who asked\n');
        return code;
      },
    },
  });
  expect(seen).toEqual({ code, stdout: 'who asked\n', stderr: '', calls: [], changes: [] });
});

test('version, help, help of a command', async () => {
  expect((await line('--version')).stdout).toBe('0.1.0\n');
  const help = await line('connector register --help');
  expect([help.code, help.stderr]).toEqual([0, '']);
  expect(help.stdout).toContain('--auto-configure');
  const same = await line('connector help register');
  expect([same.code, same.stdout]).toEqual([0, help.stdout]);
  expect((await line('help exec')).stdout).toContain('--grant <grant>');
});
