import { join } from 'node:path';

import { winningAwsFiles } from '../config/aws-files.ts';
import type { Variables } from '../endpoints/contract.ts';
import { writeFileAtomically } from '../files/atomic-write.ts';

/**
 * A person's own `[default]` profile wins over any endpoint and cannot be unset by a variable. Where
 * it holds credentials, the child is given empty AWS files instead, and the person is told.
 */
export async function withoutOwnProfile(
  variables: Variables,
  env: Readonly<Record<string, string | undefined>>,
  directory: string,
): Promise<{ readonly variables: Variables; readonly warnings: readonly string[] }> {
  const names = (await winningAwsFiles(env)).map(({ variable }) => variable);
  if (names.length === 0) return { variables, warnings: [] };
  const empty = join(directory, 'empty-aws-file');
  await writeFileAtomically(empty, '', { mode: 0o600 });
  const hidden = Object.fromEntries(names.map((name) => [name, empty]));
  return {
    variables: { ...variables, set: { ...variables.set, ...hidden } },
    warnings: [
      `your own [default] AWS profile would win over the granted credentials, so ${names.join(' and ')} ` +
        `${names.length === 1 ? 'points' : 'point'} to an empty file`,
    ],
  };
}
