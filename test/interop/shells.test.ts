import { test } from 'vitest';

import { expectSurvival } from '../support/shells.ts';

/* A shell that is missing fails its row. PowerShell is not to be had here; its text is checked elsewhere. */
test.each([
  ['sh', 'bash', ['--norc', '-c']],
  ['sh', 'zsh', ['-fc']],
  ['fish', 'fish', ['--no-config', '-c']],
] as const)('%s: %s reads every value as it was', (shell, program, args) => {
  expectSurvival(shell, program, args);
});
