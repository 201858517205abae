import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** The audit trail of a home, for people. */
export async function auditLines(home: string): Promise<readonly string[]> {
  const text = await readFile(join(home, 'audit.jsonl'), 'utf8').catch(() => '');
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const { workload, executable, pid, credentialId, resources, audience, expiresAt } =
        JSON.parse(line) as {
          workload: string;
          executable?: string;
          pid?: number;
          credentialId: string;
          resources: readonly { id?: string; access: string }[];
          audience?: string;
          expiresAt: string;
        };
      const scope = resources
        .map(({ id, access }) => `${id ?? 'everything'} (${access})`)
        .join(', ');
      const what = audience === undefined ? scope : `${scope} for ${audience}`;
      const who = executable === undefined ? '' : ` ← ${executable.split('/').at(-1)}, pid ${pid}`;
      return `${credentialId}  ${what}  until ${expiresAt}  workload ${workload}${who}`;
    });
}
