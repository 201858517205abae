import { Option } from 'commander';

import { ValetkeyError } from '../../core/errors.ts';
import { defineCommand } from '../command.ts';
import type { VariablesMode } from '../context.ts';
import { repeatable, single } from '../options.ts';
import { type Shell, SHELLS, shellOf, shellText } from '../quote.ts';
import { errorText } from '../terminal.ts';
import { targetOf, type TargetOptions } from '../target.ts';
import { mergeVariables } from '../variables.ts';

interface Options extends TargetOptions {
  readonly shell?: Shell;
  readonly mode?: VariablesMode;
}

export default defineCommand<Options>({
  configure: (command) => {
    command
      .argument('[workload]', 'a workload of the configuration')
      .addOption(single('--workload <workload>', 'the same, as a flag'))
      .addOption(
        repeatable(
          '--grant <grant>',
          'for an unnamed workload: <connector>[=<resource-id>[:<access>]]',
        ),
      )
      .addOption(
        new Option('--shell <shell>', 'how to write it (default: by $SHELL)').choices(SHELLS),
      )
      .addOption(
        new Option(
          '--mode <mode>',
          'which metadata service clients are led to (default: what its grants need)',
        ).choices(['ecs', 'imds', 'gce', 'azure'] satisfies VariablesMode[]),
      );
    command.addHelpText('after', EXAMPLES);
  },
  run: async ({ args: [positional], options, context, terminal }) => {
    const { grant = [], mode } = options;
    const target = targetOf(withPositional(options, positional));
    const api = await context.api();
    const { mode: running } = await api.status({});
    if (running !== 'daemon') throw notRunning('no daemon is running');
    const access = await api.openWorkload(target);
    if (access.baseUrl === undefined && access.gce === undefined && access.azure === undefined) {
      throw notRunning('the daemon has no listener');
    }
    if (access.problem !== undefined) {
      terminal.warn(`workload ${access.workload}: ${errorText(access.problem)}`);
    }
    const { variables, warnings } = await context.daemon.clientVariables(access, mode);
    for (const warning of warnings) terminal.warn(warning);
    terminal.print(
      shellText(
        options.shell ?? shellOf(context.env['SHELL']),
        mergeVariables(context.env, variables),
      ),
    );
    if (grant.length > 0) terminal.say(`valetkey: unnamed workload ${access.workload}`);
  },
});

function withPositional(options: Options, positional: string | undefined): TargetOptions {
  if (positional === undefined) return options;
  if (options.workload === undefined) return { ...options, workload: positional };
  throw new ValetkeyError('USAGE', { subject: '--workload', reason: 'a workload is named twice' });
}

function notRunning(reason: string): ValetkeyError {
  return new ValetkeyError('DAEMON_UNREACHABLE', {
    reason,
    hint: 'start one with: valetkey serve (or give a single program its own: valetkey exec)',
  });
}

const EXAMPLES = `
  eval "$(valetkey env dev)"                                       sh, bash, zsh
  valetkey env dev --shell fish | source
  valetkey env dev --shell powershell | Out-String | Invoke-Expression
  valetkey env dev --shell cmd > env.cmd && call env.cmd
`;
