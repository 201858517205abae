import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { describe, expect, test } from 'vitest';

import { withoutOwnProfile } from '../../src/composition/own-profile.ts';
import { temporaryHome } from '../support/home.ts';

const NONE = { set: { A: '1' }, clear: ['B'] };

async function withFiles(files: { credentials?: string; config?: string }) {
  const home = await temporaryHome();
  await mkdir(join(home, '.aws'));
  for (const [name, text] of Object.entries(files)) await writeFile(join(home, '.aws', name), text);
  return withoutOwnProfile(NONE, { HOME: home }, join(home, 'run'));
}

describe('a person’s own [default] profile', () => {
  test('no files: exactly the endpoint’s variables', async () => {
    expect(await withFiles({})).toEqual({ variables: NONE, warnings: [] });
  });

  test('a profile without credentials stays: it may hold a region', async () => {
    const config =
      '[default]\nregion = eu-west-1\n[profile other]\nrole_arn = arn:aws:iam::1:role/x\n';
    expect((await withFiles({ config })).variables).toEqual(NONE);
  });

  test.each([
    [
      'credentials',
      '[default]\naws_access_key_id = AKIA\naws_secret_access_key = x\n',
      'AWS_SHARED_CREDENTIALS_FILE',
    ],
    ['config', '[default]\ncredential_process = /bin/true\n', 'AWS_CONFIG_FILE'],
    ['config', '[other]\n[ default ]\nsso_session = work\n', 'AWS_CONFIG_FILE'],
  ])(
    '%s with credentials: an empty file takes its place, and the person is told',
    async (file, text, name) => {
      const { variables, warnings } = await withFiles({ [file]: text });
      expect(Object.keys(variables.set)).toEqual(['A', name]);
      expect(await readFile(variables.set[name] ?? '', 'utf8')).toBe('');
      expect(warnings.join()).toContain(name);
    },
  );
});
