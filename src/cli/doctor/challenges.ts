import { access, constants } from 'node:fs/promises';
import { dirname } from 'node:path';

import { ValetkeyError } from '../../core/errors.ts';
import type { Finding, Patient } from './check.ts';

/** Clients read challenges from here alone. Azure Arc agent, "managed identity authentication" */
const ONLY = '/var/opt/azcmagent/tokens';

/** Can the daemon write the files by which workloads are recognised, where clients look for them? */
export async function challenges(patient: Patient): Promise<readonly Finding[]> {
  const { config } = patient;
  if (config instanceof ValetkeyError) return [];
  const uids = Object.values(config.workloads).flatMap((workload) =>
    (workload?.clients ?? []).flatMap((rule) => ('challenge' in rule ? [rule.uid] : [])),
  );
  if (uids.length === 0) return [];
  const folder = config.azure_arc.token_directory;
  return [...elsewhere(folder), await writable(folder, patient), ...others(uids, patient)];
}

function elsewhere(folder: string): readonly Finding[] {
  if (folder === ONLY) return [];
  return [
    {
      about: 'challenges',
      verdict: 'note',
      found: `they are written to ${folder}`,
      means: `Microsoft’s libraries for Linux accept ${ONLY} alone`,
      mend: 'take azure_arc.token_directory out of config.yaml',
    },
  ];
}

async function writable(folder: string, { uid }: Patient): Promise<Finding> {
  const about = 'challenges';
  const nearest = await existing(folder);
  const may = await access(nearest, constants.W_OK | constants.X_OK).then(
    () => true,
    () => false,
  );
  if (may) return { about, verdict: 'ok', found: `files can be written to ${folder}` };
  return {
    about,
    verdict: 'problem',
    found: `no file can be written to ${folder}`,
    means: 'clients of the Azure Arc endpoint cannot be recognised, and get no token',
    mend: `sudo install -d -m 755 -o ${uid ?? 'root'} ${folder}`,
  };
}

/** The daemon makes what is missing. */
async function existing(folder: string): Promise<string> {
  const there = await access(folder).then(
    () => true,
    () => false,
  );
  const parent = dirname(folder);
  return there || parent === folder ? folder : existing(parent);
}

/** A file can be given to somebody else by root alone. */
function others(uids: readonly (number | undefined)[], { uid }: Patient): readonly Finding[] {
  const [other] = uids.filter((one) => one !== undefined && one !== uid);
  if (other === undefined || uid === undefined || uid === 0) return [];
  return [
    {
      about: 'challenges',
      verdict: 'problem',
      found: `a workload’s user is ${other}, and this one is ${uid}`,
      means: 'only root can write a file that another user alone can read',
      mend: `run valetkey serve as user ${other}, or as root`,
    },
  ];
}
