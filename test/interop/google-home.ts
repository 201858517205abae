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

/** The words that a person would use; each secret is given as a file. */
export async function registerWords(
  installation: Installation,
  name: string,
  method: string,
  secrets: Readonly<Record<string, string>>,
  ...words: readonly string[]
): Promise<readonly string[]> {
  const given = Object.entries(secrets).map(async ([field, text]) => {
    const file = await installation.privateFile(text);
    return `--${field.replaceAll('_', '-')}=@${file}`;
  });
  const flags = ['--type=gcp', `--auth-method=${method}`, ...(await Promise.all(given)), ...words];
  return ['connector', 'register', name, ...flags];
}

/** Registers a key file. */
export async function registerKey(
  installation: Installation,
  name: string,
  keyFile: object,
  ...words: readonly string[]
): Promise<void> {
  const secrets = { service_account_json: JSON.stringify(keyFile) };
  await installation.must(
    await registerWords(installation, name, 'service-account', secrets, ...words),
  );
}
