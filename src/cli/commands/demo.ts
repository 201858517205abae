import { defineCommand } from '../command.ts';

export default defineCommand({
  configure: () => {},
  run: ({ context }) => context.daemon.runDemo((text) => void context.stdout.write(text)),
});
