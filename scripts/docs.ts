import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { generatedFiles, ROOT } from './docs/generated.ts';

/*
 * `npm run docs` writes what the documentation takes from the code; with `--check` nothing is
 * written, and a file that differs is named and makes the exit code 1.
 */

const check = process.argv.includes('--check');
const outdated = (await generatedFiles()).filter(({ current, wanted }) => current !== wanted);
for (const { path, wanted } of outdated) {
  if (!check) await writeFile(join(ROOT, path), wanted);
  console.log(check ? `${path} is not what the code says; run: npm run docs` : `written: ${path}`);
}
if (check && outdated.length > 0) process.exitCode = 1;
