import type { Broker } from '../broker/contract.ts';
import type { Catalog } from '../catalog/catalog.ts';
import type { Paths } from '../config/paths.ts';
import type { Config } from '../config/schema.ts';
import type { ConnectorType, Machine } from '../connectors/contract.ts';
import type { ConnectorIssuer } from '../connectors/issue.ts';
import type { Clock } from '../core/clock.ts';
import type { Events } from '../core/events.ts';
import type { WriteLock } from '../files/write-lock.ts';
import type { SecretStore, StoreOptions } from '../stores/contract.ts';

/** What the verbs work with: the parts, joined by the composition root. */
export interface Service {
  readonly mode: 'daemon' | 'in-process';
  readonly version: string;
  readonly paths: Paths;
  readonly types: Readonly<Record<string, ConnectorType>>;
  readonly catalog: Catalog;
  readonly store: SecretStore;
  readonly storeOptions: StoreOptions;
  readonly lock: WriteLock;
  readonly machine: Machine;
  readonly clock: Clock;
  readonly issuer: ConnectorIssuer;
  readonly broker: Broker;
  readonly events: Events;
  /** The configuration in force; changes on reload. */
  config(): Config;
}
