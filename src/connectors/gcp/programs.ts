import { ValetkeyError } from '../../core/errors.ts';
import type { Machine } from '../contract.ts';
import type { ExternalAccount } from './external-account.ts';
import { invalid } from './json-secret.ts';

/*
 * A configuration can name a program to run, and whoever hands one over would run it as the daemon:
 * only somebody who has looked at it says that it may.
 */

/** By the connector's own word. Throws `INPUT_INVALID`. */
export function checkProgram({ source }: ExternalAccount, allowed: boolean | undefined): void {
  if (source.kind !== 'executable' || allowed === true) return;
  throw invalid(
    'allow_executable',
    'the configuration runs a program as the daemon’s user',
    'look at its command, and if it may run, set allow_executable=true',
  );
}

/** By Google's own variable, for what the daemon finds on its machine. Throws `CONFIG_INVALID`. */
export function checkFoundProgram({ source }: ExternalAccount, env: Machine['env']): void {
  const variable = 'GOOGLE_EXTERNAL_ACCOUNT_ALLOW_EXECUTABLES';
  if (source.kind !== 'executable' || env[variable] === '1') return;
  throw new ValetkeyError('CONFIG_INVALID', {
    subject: variable,
    reason: 'the configuration runs a program as the daemon’s user',
    hint: 'look at its command, and if it may run, give the daemon this variable with the value 1',
  });
}
