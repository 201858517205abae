import { expect, test } from 'vitest';

import { transcript } from './transcript.ts';

const ARGS = ['connector', 'sas', 'azure-dev', '--resource-id', 'az://acmedata/zenfiles'];
const ASKED = [...ARGS, '--permissions', 'rl', '--seconds', '900'];

const answers = {
  sas: async () => ({
    connector: 'azure-dev',
    resourceId: 'az://acmedata/zenfiles',
    permissions: 'rl',
    id: 'sas-0123456789abcdef0123',
    query: 'sv=2023-11-03&sp=rl&sig=very%2Bsecret',
    expiresAt: '2026-11-21T12:15:00Z',
  }),
};

test('the query alone on standard output, once; what it is on the other', async () => {
  const { calls, code, stdout, stderr } = await transcript(
    [...ASKED, '--ip', '10.0.0.1', '--https-only'],
    { answers },
  );
  expect(code).toBe(0);
  expect(calls).toEqual([
    [
      'sas',
      {
        name: 'azure-dev',
        resource_id: 'az://acmedata/zenfiles',
        permissions: 'rl',
        seconds: 900,
        ip: '10.0.0.1',
        https_only: true,
      },
    ],
  ]);
  expect(stdout).toBe('sv=2023-11-03&sp=rl&sig=very%2Bsecret\n');
  expect(stderr).toContain(
    'sas-0123456789abcdef0123: rl on az://acmedata/zenfiles until 2026-11-21T12:15:00Z',
  );
  expect(stderr).not.toContain('very');
});

test.each([
  [ARGS, '--permissions'],
  [[...ARGS, '--permissions', 'rl'], '--seconds'],
  [
    ASKED.filter((word) => !word.startsWith('--resource') && !word.startsWith('az:')),
    '--resource-id',
  ],
  [[...ASKED, '--seconds', '5m'], 'seconds'],
])('%j is not understood', async (args, about) => {
  const { calls, code, stdout, stderr } = await transcript(args, { answers });
  expect([calls, code, stdout]).toEqual([[], 2, '']);
  expect(stderr).toContain(about);
});
