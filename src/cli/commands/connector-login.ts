import { text as readAll } from 'node:stream/consumers';

import { ValetkeyError } from '../../core/errors.ts';
import type { LoginStarted } from '../../control/api.ts';
import { defineCommand, type Invocation } from '../command.ts';
import { createPrompts } from '../prompts.ts';
import { remaining } from '../times.ts';

interface Options {
  readonly code?: string;
}

export default defineCommand<Options>({
  configure: (command) => {
    command
      .argument('<connector>', 'its name')
      .option(
        '--code <digits>',
        'the current MFA code (else asked for, or read from standard input)',
      );
  },
  run: async (invocation) => {
    const {
      args: [name = ''],
      context,
      terminal,
    } = invocation;
    const api = await context.api();
    const { flow, prompt } = await api.loginStart({ name });
    if (flow === undefined) return terminal.say(`connector ${name} needs no login`);
    const code = await answer(prompt, invocation);
    const connector = await api.loginFinish({ flow, code });
    const until =
      connector.expiresAt === undefined
        ? ''
        : ` for ${remaining(connector.expiresAt, context.now())}`;
    return terminal.say(`logged in: connector ${name} is ready${until}`);
  },
});

/** Shows or asks what the flow needs of the person; resolves with the code of a code prompt. */
async function answer(
  prompt: LoginStarted['prompt'],
  { options, context, terminal }: Invocation<Options>,
): Promise<string | undefined> {
  if (prompt === undefined) return undefined;
  if (prompt.kind === 'device') {
    terminal.say(`open  ${prompt.url}\nand confirm the code  ${prompt.userCode}`);
    terminal.say(`waiting (${remaining(prompt.expiresAt, context.now())}) …`);
    return undefined;
  }
  if (options.code !== undefined) return options.code;
  if (terminal.interactive) {
    const { text } = await createPrompts(context);
    return text({ message: prompt.label });
  }
  const typed = (await readAll(context.stdin)).trim();
  if (typed !== '') return typed;
  throw new ValetkeyError('USAGE', {
    subject: '--code',
    reason: `${prompt.label} is needed, and there is nobody to ask`,
    hint: 'give --code, or write the code to standard input',
  });
}
