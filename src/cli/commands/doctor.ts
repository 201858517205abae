import { readFile } from 'node:fs/promises';
import { networkInterfaces } from 'node:os';

import { loadConfig } from '../../config/load.ts';
import { resolvePaths } from '../../config/paths.ts';
import { EXIT, toValetkeyError } from '../../core/errors.ts';
import { defineCommand } from '../command.ts';
import type { CliContext } from '../context.ts';
import type { Finding, Patient } from '../doctor/check.ts';
import { CHECKS } from '../doctor/index.ts';
import { addOutputOption, show, type OutputOptions } from '../output.ts';
import { table } from '../table.ts';

export default defineCommand<OutputOptions>({
  configure: (command) => void addOutputOption(command),
  run: async ({ options, context, terminal }) => {
    const patient = await patientOf(context);
    const findings: Finding[] = [];
    for (const check of CHECKS) findings.push(...(await check(patient)));
    await show(terminal, options.output, findings, () => findingsText(findings));
    const problems = findings.filter(({ verdict }) => verdict === 'problem').length;
    if (problems === 0) return undefined;
    terminal.say(`${problems} problem${problems === 1 ? '' : 's'}`);
    return EXIT.failed;
  },
});

async function patientOf(context: CliContext): Promise<Patient> {
  const { env, version } = context;
  const path =
    process.platform === 'win32'
      ? `${env['SystemRoot'] ?? String.raw`C:\Windows`}\\System32\\drivers\\etc\\hosts`
      : '/etc/hosts';
  return {
    env,
    version,
    node: process.version,
    platform: process.platform,
    uid: process.getuid?.(),
    addresses: Object.values(networkInterfaces()).flatMap((all) =>
      (all ?? []).map(({ address }) => address),
    ),
    hosts: { path, text: await readFile(path, 'utf8').catch(() => undefined) },
    config: await loadConfig(resolvePaths(env).config, env, {
      required: Boolean(env['VALETKEY_CONFIG']),
    }).catch(toValetkeyError),
    status: await context
      .api()
      .then((api) => api.status({}))
      .catch(toValetkeyError),
    endpoints: await context.daemon.endpoints(),
    now: context.now(),
  };
}

/** What was found, below it what it means, below that what mends it. */
function findingsText(findings: readonly Finding[]): string {
  return table(
    ['ABOUT', 'STATE', 'FOUND'],
    findings.map(({ about, verdict, found, means, mend }) => [
      about,
      verdict,
      [found, means, mend === undefined ? undefined : `→ ${mend}`]
        .filter((line) => line !== undefined)
        .join('\n'),
    ]),
  );
}
