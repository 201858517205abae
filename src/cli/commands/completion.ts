import { Argument } from 'commander';

import { defineCommand } from '../command.ts';
import { COMPLETION_SCRIPTS } from '../completion-scripts.ts';

export default defineCommand({
  configure: (command) => {
    command
      .addArgument(new Argument('<shell>', 'which shell').choices(Object.keys(COMPLETION_SCRIPTS)))
      .addHelpText('after', EXAMPLES);
  },
  run: async ({ args: [shell = ''], terminal }) => {
    terminal.print(COMPLETION_SCRIPTS[shell] ?? '');
  },
});

const EXAMPLES = `
  bash: valetkey completion bash > ~/.local/share/bash-completion/completions/valetkey
  zsh:  valetkey completion zsh > "\${fpath[1]}/_valetkey"
  fish: valetkey completion fish > ~/.config/fish/completions/valetkey.fish
`;
