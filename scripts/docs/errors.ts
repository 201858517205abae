import { ERRORS, EXIT } from '../../src/core/errors.ts';
import { code, table } from './text.ts';

const MEANINGS: ReadonlyMap<number, string> = new Map([
  [EXIT.ok, 'done'],
  [EXIT.failed, 'something failed that has no code of its own below'],
  [EXIT.usage, 'the command line, a value or the configuration is wrong; nothing was changed'],
  [EXIT.notFound, 'there is no connector, workload or thing of this name'],
  [EXIT.conflict, 'the name is taken, or somebody else is changing the same thing'],
  [EXIT.store, 'the secret store or a connector file cannot be read or written'],
  [EXIT.denied, 'a permission, a scope or a stored credential is refused'],
  [EXIT.unavailable, 'the cloud does not answer usefully now; trying later may help'],
  [EXIT.daemon, 'the daemon, its control socket or a listener'],
  [EXIT.unsafe, 'refused because others could read a secret or reach a listener'],
]);

/** Exit codes, and which error codes end with each. */
export function exitTable(): string {
  const rows = Object.values(EXIT).map((exit) => {
    const meaning = MEANINGS.get(exit);
    if (meaning === undefined) throw new Error(`exit code ${exit} has no meaning here`);
    const errors = Object.entries(ERRORS).filter(([, entry]) => entry.exit === exit);
    return [code(String(exit)), meaning, errors.map(([error]) => code(error)).join(', ')];
  });
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
