import { HELPERS } from '../../credential-helpers/index.ts';
import { resolvePaths } from '../../config/paths.ts';
import { defineCommand } from '../command.ts';
import { repeatable, single } from '../options.ts';
import type { TargetOptions } from '../target.ts';

interface Options extends TargetOptions {
  readonly profile?: string;
}

/** For help and completion; `main.ts` runs the helper itself, without all this. */
export default defineCommand<Options>({
  configure: (command) => {
    command
      .addOption(single('--workload <workload>', 'a workload of the configuration'))
      .addOption(
        repeatable(
          '--grant <grant>',
          'for an unnamed workload: <connector>[=<resource-id>[:<access>]]',
        ),
      )
      .addOption(
        single('--profile <profile>', 'one of the workload’s profiles (default: its first)'),
      )
      .addHelpText('after', EXAMPLE);
  },
  run: ({ options, context }) =>
    HELPERS['aws-credential-process'].run({
      argv: Object.entries(options).flatMap(
        ([name, values]: [string, string | readonly string[]]) =>
          [values].flat().map((value) => `--${name}=${value}`),
      ),
      socketPath: resolvePaths(context.env).controlSocket,
      write: (text) => void context.stdout.write(text),
      complain: (line) => void context.stderr.write(`valetkey: error: ${line}\n`),
      uid: process.getuid?.(),
      pid: process.ppid,
      now: () => context.now(),
    }),
});

const EXAMPLE = `
In ~/.aws/config:
  [profile dev]
  credential_process = valetkey credential-process --workload dev
`;
