import { runChild } from '../child.ts';
import { defineCommand } from '../command.ts';
import type { PrivateEndpoint } from '../context.ts';
import { repeatable, single } from '../options.ts';
import { printable } from '../terminal.ts';
import { relaySignals, signalExit } from '../signals.ts';
import { targetOf, type TargetOptions } from '../target.ts';
import { childEnvironment } from '../variables.ts';

export default defineCommand<TargetOptions>({
  configure: (command) => {
    command
      .usage('(--grant <grant> … | --workload <workload>) -- <command> [arguments]')
      .argument('<command...>', 'the program and its arguments')
      .passThroughOptions()
      .addOption(
        repeatable(
          '--grant <grant>',
          'what it may have: <connector>[=<resource-id>[:read|write|full]]; may be repeated',
        ),
      )
      .addOption(single('--workload <workload>', 'run it as this workload of the configuration'));
  },
  run: async ({ args, options, context, terminal }) => {
    const target = targetOf(options);
    const signals = relaySignals();
    try {
      const opening = context.daemon.openEndpoint(target);
      const opened = await Promise.race([opening, signals.interrupted]);
      if (typeof opened === 'string') {
        await opening.then(
          (endpoint) => endpoint.stop(),
          () => {},
        );
        return signalExit(opened);
      }
      return await runWith(opened);
    } finally {
      signals.stop();
    }

    async function runWith(endpoint: PrivateEndpoint): Promise<number> {
      try {
        for (const warning of endpoint.warnings) terminal.warn(warning);
        const env = childEnvironment(context.env, endpoint.variables);
        const { exit, problem } = await runChild(args, env, signals);
        if (problem !== undefined) {
          context.stderr.write(`valetkey: ${printable(args[0] ?? '')}: ${problem}\n`);
        }
        return exit;
      } finally {
        await endpoint.stop();
      }
    }
  },
});
