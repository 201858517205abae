import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';

import { lookIntoGcloud } from '../config/gcloud-folder.ts';
import type { GcloudFolder } from '../config/gcloud-folder.ts';
import type { Variables } from '../endpoints/contract.ts';

/** Google's variables, with what of a person's own would win over them out of the way. */
export interface Led {
  readonly variables: Variables;
  readonly warnings: readonly string[];
}

export interface OwnGcloudOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly now: number;
  /** Where the folder goes that is put in the place of the person's own. */
  readonly folder: string;
  /** Also where nothing wins: gcloud stores tokens there, and these are to go with the program. */
  readonly always: boolean;
}

/**
 * A person's own application default credentials and gcloud account win over a metadata server, and no
 * variable unsets them; so do tokens that gcloud stored in an earlier run, and its memory of having
 * found no server. Where there is any of it, programs are given a gcloud folder of their own instead,
 * and the person is told.
 */
export async function withoutOwnGcloud(
  variables: Variables,
  { env, now, folder, always }: OwnGcloudOptions,
): Promise<Led> {
  const found = await lookIntoGcloud(env, now);
  const winning = winners(found);
  if (winning.length === 0 && !always) return { variables, warnings: [] };
  const path = await ownFolder(folder);
  return {
    variables: { ...variables, set: { ...variables.set, CLOUDSDK_CONFIG: path } },
    warnings: [...told(winning, found), ...found.defaultCredentials.slice(-1).map(outOfReach)],
  };
}

function told(winning: readonly string[], { settings }: GcloudFolder): readonly string[] {
  if (winning.length > 0) {
    return [
      `your own gcloud configuration would win over the granted credentials (${winning.join(', ')}), ` +
        'so CLOUDSDK_CONFIG points to another folder, without your settings',
    ];
  }
  return settings === undefined
    ? []
    : [
        `gcloud gets a folder of its own for the tokens it stores, without the settings of ${settings}`,
      ];
}

function winners(found: GcloudFolder): readonly string[] {
  return [
    ...found.defaultCredentials,
    ...(found.account === undefined ? [] : [`account ${found.account}`]),
    ...(found.storedTokens === undefined ? [] : [found.storedTokens]),
    ...(found.notOnGce === undefined ? [] : [found.notOnGce]),
  ];
}

/** Go's `wellKnownFile` and the like have no variable for it. */
function outOfReach(file: string): string {
  return (
    `${file} still wins in programs that look there whatever CLOUDSDK_CONFIG says ` +
    '(Go, so Terraform and rclone; Ruby, PHP, C++): move it away for those'
  );
}

/** Without what an earlier run believed: that there is no metadata server. */
async function ownFolder(folder: string): Promise<string> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await rm(join(folder, 'gce'), { force: true });
  return folder;
}
