import { mkdir } from 'node:fs/promises';

import { lookIntoAzure } from '../config/azure-folder.ts';
import type { Variables } from '../endpoints/contract.ts';
import type { Led } from './own-gcloud.ts';

export interface OwnAzureOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Where the folder goes that is put in the place of the person's own. */
  readonly folder: string;
  /** Also where nobody is logged in: a login as the granted identity is to go with the program. */
  readonly always: boolean;
}

/**
 * az uses its own login and nothing else, whatever the variables say, so that a person's own would be
 * used in the place of the granted identity. Where there is one, az is given another folder, and the
 * person is told how to log in there.
 */
export async function withoutOwnAzure(
  variables: Variables,
  { env, folder, always }: OwnAzureOptions,
): Promise<Led> {
  const { login, path, extensions } = await lookIntoAzure(env);
  if (login === undefined && !always) return { variables, warnings: [] };
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const own = extensions !== undefined && (env['AZURE_EXTENSION_DIR'] ?? '') === '';
  const set = {
    ...variables.set,
    AZURE_CONFIG_DIR: folder,
    ...(own ? { AZURE_EXTENSION_DIR: extensions } : {}),
  };
  const warnings =
    login === undefined
      ? []
      : [
          `az knows its own login alone (${login}, in ${path}), so AZURE_CONFIG_DIR points to another folder; ` +
            'there az login --identity --allow-no-subscriptions logs in as the granted identity',
        ];
  return { variables: { ...variables, set }, warnings };
}
