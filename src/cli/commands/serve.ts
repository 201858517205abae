import { once } from 'node:events';

import { toValetkeyError } from '../../core/errors.ts';
import { defineCommand } from '../command.ts';
import type { RunningDaemon } from '../context.ts';
import { addOutputOption, show, type OutputOptions } from '../output.ts';
import type { Terminal } from '../terminal.ts';

interface Options extends OutputOptions {
  readonly config?: string;
  readonly ephemeral?: true;
}

export default defineCommand<Options>({
  configure: (command) => {
    command
      .option(
        '--config <file>',
        'configuration file (default: $VALETKEY_CONFIG, else config.yaml in $VALETKEY_HOME)',
      )
      .option('--ephemeral', 'keep secrets in memory only; they are gone when it ends');
    addOutputOption(command);
  },
  run: async ({ options: { config, ephemeral = false, output }, context, terminal }) => {
    const daemon = await context.daemon.serve({ config, ephemeral });
    const reload = () =>
      void context
        .api()
        .then((api) => api.reload({}))
        .then(
          () => terminal.say('configuration reloaded'),
          (error: unknown) => void terminal.fail(toValetkeyError(error)),
        );
    const ending = new AbortController();
    try {
      // A daemon reloads at a hang-up; one that a person watches ends with the terminal.
      if (context.stdin.isTTY !== true) process.on('SIGHUP', reload);
      const status = await daemon.status();
      if (output !== 'table') await show(terminal, output, status, () => '');
      say(terminal, status);
      const stopped = Promise.race(
        ['SIGINT', 'SIGTERM'].map((signal) => once(process, signal, { signal: ending.signal })),
      );
      await Promise.race([stopped, daemon.closed]);
      terminal.say('stopping');
      await daemon.stop();
    } finally {
      ending.abort();
      process.off('SIGHUP', reload);
    }
  },
});

function say(
  terminal: Terminal,
  { listeners, store, pid }: Awaited<ReturnType<RunningDaemon['status']>>,
) {
  for (const { address, endpoints } of listeners) {
    terminal.say(`serving ${endpoints.join(', ')} on ${address}`);
  }
  if (listeners.length === 0)
    terminal.say('serving the control socket only: no listener is configured');
  terminal.say(`secrets in ${store.kind} (${store.location}); process ${pid}; Ctrl-C stops it`);
}
