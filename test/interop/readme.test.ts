import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, expect, it } from 'vitest';

import { must, run, type Env } from '../beds/process.ts';
import { checkout } from './harness.ts';

/* What README says a person with Node, npm and git types first, in a clone that was just made. */

/** The machine's own Node, npm and configuration; nothing that `npm test` has added for itself. */
function personsEnvironment(): Env {
  const added = /^(npm_|VITEST|NODE_ENV|NODE_OPTIONS|AWS_|TEST$|PROD$|DEV$|MODE$|BASE_URL$|SSR$)/;
  const own = Object.entries(process.env).filter(([name]) => !added.test(name));
  const path = (process.env['PATH'] ?? '')
    .split(':')
    .filter((entry) => !entry.includes('node_modules'));
  return { ...Object.fromEntries(own), PATH: path.join(':') };
}

let clone: string;
let blocks: readonly string[];
const env = personsEnvironment();
const type = (script: string) =>
  run('sh', ['-ec', script], { cwd: clone, env, timeoutMs: 240_000 });

beforeAll(async () => {
  const folder = await mkdtemp(join(tmpdir(), 'vk-clone-'));
  clone = join(folder, 'valetkey');
  await must('git', ['clone', '--quiet', '--no-hardlinks', checkout, clone], { env });
  const [, section = ''] = (await readFile(join(clone, 'README.md'), 'utf8')).split('## Try it');
  blocks = [...(section.split('\n## ')[0] ?? '').matchAll(/```sh\n([^]*?)```/g)].map(
    ([, script = '']) => script,
  );
});
afterAll(async () => {
  if (clone !== undefined) await rm(join(clone, '..'), { recursive: true });
});

it('says how to see it run, and how to test it', () => {
  expect(blocks).toEqual(['npm ci\nbin/valetkey demo\n', 'npm test\n']);
});

it('the first command sets up all there is and runs the demo', async () => {
  const { status, stdout, stderr } = await type(blocks[0] ?? 'false');
  if (status !== 0) expect.fail(`it ended with ${status}:\n${stdout}${stderr}`);
  expect(stdout).toContain('✓ AWS SDK for JavaScript v3');
  expect(stdout).not.toContain('✗');
});

it('the second runs the tests, of which a few are enough here', async () => {
  const { status, stdout } = await type(`${blocks[1]?.trim()} -- test/core test/cli/quote.test.ts`);
  expect({ status, stdout }).toMatchObject({ status: 0, stdout: expect.stringMatching(/passed/) });
});

it('leaves nothing in the clone that git would see', async () => {
  expect(await must('git', ['status', '--porcelain'], { cwd: clone, env })).toBe('');
});
