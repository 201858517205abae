import type { ConnectorRecord } from '../catalog/record.ts';
import type { ConnectorType } from '../connectors/contract.ts';
import { lookup } from '../connectors/input.ts';
import type { Service } from './context.ts';
import { completed } from './fields.ts';
import { itemOf } from './saved.ts';

/** What metadata services tell of an account first. */
const TOLD = ['account_email', 'project_id'];

/**
 * A record with what its secret tells of itself, where the file does not say it: somebody wrote it by
 * hand, for a secret that others put into the store. A store that does not answer is no reason to
 * refuse what can be told without it.
 */
export async function completedRecord(
  { store }: Pick<Service, 'store'>,
  type: ConnectorType,
  record: ConnectorRecord,
): Promise<ConnectorRecord> {
  const method = lookup(type.authMethods, record.auth_method, 'auth_method');
  const known = TOLD.every((name) => record.config[name] !== undefined);
  if (type.account === undefined || method.complete === undefined || known) return record;
  try {
    const stored = await store.get(itemOf(record));
    return stored === undefined
      ? record
      : { ...record, config: completed(method, record.config, stored) };
  } catch {
    return record; // whoever asks for a credential is told
  }
}
