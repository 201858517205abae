import { generateIdentity } from 'age-encryption';

import type { GoogleBed } from '../beds/google.ts';
import type { Env } from '../beds/process.ts';
import { install, type Installation } from './harness.ts';

export const PROJECT = 'zen-project';
export const ROBOT = `robot@${PROJECT}.iam.gserviceaccount.com`;

/** An installation whose Google is the bed's. Its store opens with an age identity: no time goes into deriving keys. */
export const googleHome = async (
  bed: GoogleBed,
  config: object = {},
  env: Env = {},
): Promise<Installation> =>
  install({ config, env: { ...bed.trust, ...env }, key: await generateIdentity() });

/** An account that owns two buckets of a project, and a key file of it. */
export function addRobot({ google }: GoogleBed) {
  const robot = google.accounts.addServiceAccount({ email: ROBOT, project: PROJECT });
  const objects = { 'hello.txt': 'hello from alpha', 'cold/a.txt': 'cold', 'warm/b.txt': 'warm' };
  google.buckets.add({ name: 'alpha', project: PROJECT, objects });
  google.buckets.add({ name: 'beta', project: PROJECT, objects: { 'hello.txt': 'not for all' } });
  google.buckets.allow(`serviceAccount:${ROBOT}`, `projects/${PROJECT}`, 'roles/storage.admin');
  return robot;
}

/** Registers a key file, with the words a person would use. */
export async function registerKey(
  installation: Installation,
  name: string,
  keyFile: object,
  ...words: readonly string[]
): Promise<void> {
  const file = await installation.privateFile(JSON.stringify(keyFile));
  await installation.must([
    'connector',
    'register',
    name,
    '--type=gcp',
    '--auth-method=service-account',
    `--service-account-json=@${file}`,
    ...words,
  ]);
}
