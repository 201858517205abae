import { once } from 'node:events';

import type { StatusView } from '../../core/view.ts';
import { defineCommand } from '../command.ts';
import { addOutputOption, show, type OutputOptions } from '../output.ts';

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
    const ending = new AbortController();
    try {
      const status = await daemon.status();
      await show(terminal, output, status, () => servingText(status));
      // Without a terminal a hang-up means: read the configuration again, which the daemon does.
      const signals = ['SIGINT', 'SIGTERM', ...(context.stdin.isTTY ? ['SIGHUP'] : [])];
      const stopped = signals.map((signal) => once(process, signal, { signal: ending.signal }));
      await Promise.race([...stopped, daemon.closed]);
    } finally {
      ending.abort();
      await daemon.stop();
    }
  },
});

function servingText({ listeners, store, pid }: StatusView): string {
  const served = listeners.map(
    ({ address, endpoints }) => `serving ${endpoints.join(', ')} on ${address}`,
  );
  const nothing = 'serving the control socket alone: no listener is configured';
  return [
    ...(served.length === 0 ? [nothing] : served),
    `secrets in ${store.kind} (${store.location}); process ${pid}; Ctrl-C stops it`,
  ].join('\n');
}
