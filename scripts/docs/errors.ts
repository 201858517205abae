import { ERRORS, EXIT } from '../../src/core/errors.ts';
import { code, table } from './text.ts';

const EXIT_MEANING: Readonly<Record<keyof typeof EXIT, string>> = {
  ok: 'done',
  failed: 'something failed that has no code of its own below',
  usage: 'the command line, a value or the configuration is wrong; nothing was changed',
  notFound: 'there is no connector, workload or thing of this name',
  conflict: 'the name is taken, or somebody else is changing the same thing',
  store: 'the secret store or a connector file cannot be read or written',
  denied: 'a permission, a scope or a stored credential is refused',
  unavailable: 'the cloud does not answer usefully now; trying later may help',
  daemon: 'the daemon, its control socket or a listener',
  unsafe: 'refused because others could read a secret or reach a listener',
};

/** Exit codes, and which error codes end with each. */
export function exitTable(): string {
  const rows = Object.entries(EXIT).map(([name, exit]) => [
    code(String(exit)),
    EXIT_MEANING[name as keyof typeof EXIT],
    Object.entries(ERRORS)
      .filter(([, entry]) => entry.exit === exit)
      .map(([error]) => code(error))
      .join(', '),
  ]);
  return table(['exit code', 'meaning', 'error codes'], rows);
}

const RETRY = { no: 'a person', backoff: 'it may pass' } as const;

export function errorTable(): string {
  const rows = Object.entries(ERRORS).map(([name, { message, exit, status, retry }]) => [
    code(name),
    message,
    String(exit),
    String(status),
    RETRY[retry],
  ]);
  return table(['code', 'meaning', 'exit code', 'HTTP status', 'mended by'], rows);
}
