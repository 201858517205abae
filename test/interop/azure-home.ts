import { generateIdentity } from 'age-encryption';

import type { AzureBed } from '../beds/azure.ts';
import type { Env } from '../beds/process.ts';
import { install, type Installation } from './harness.ts';

export const ARM = 'https://management.azure.com';
export const STORAGE = 'https://storage.azure.com';
export const VAULT = 'https://vault.azure.net';

/** An installation whose Azure is the bed's. Its store opens with an age identity: no time goes into deriving keys. */
export const azureHome = async (
  bed: AzureBed,
  config: object = {},
  env: Env = {},
): Promise<Installation> =>
  install({ config, env: { ...bed.trust, ...env }, key: await generateIdentity() });

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
  const flags = ['--type=azure', `--auth-method=${method}`, ...(await Promise.all(given))];
  return ['connector', 'register', name, ...flags, ...words];
}

/** Who the bed's application is. */
export const appWords = ({ tenant, app }: AzureBed): readonly string[] => [
  `--tenant-id=${tenant.id}`,
  `--client-id=${app.clientId}`,
];

/** Registers a fresh client secret of the bed's application. */
export async function registerSecret(
  installation: Installation,
  bed: AzureBed,
  name: string,
  ...words: readonly string[]
): Promise<void> {
  const secrets = { client_secret: bed.secret() };
  await installation.must(
    await registerWords(
      installation,
      name,
      'service-principal',
      secrets,
      ...appWords(bed),
      ...words,
    ),
  );
}
