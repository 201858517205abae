import { randomUUID } from 'node:crypto';

export interface Subscription {
  readonly id: string;
  readonly name: string;
  /** Tenant id. */
  readonly tenant: string;
}

export interface StorageAccount {
  readonly name: string;
  readonly subscription: string;
  readonly resourceGroup: string;
  /** ARM id. */
  readonly id: string;
  /** A data lake: its directories are real, and a SAS may be for one. */
  readonly hierarchical: boolean;
}

export type Estate = ReturnType<typeof createEstate>;

const ACCOUNT_NAME = /^[a-z0-9]{3,24}$/;

/** What the tenants own: subscriptions, and storage accounts in them. */
export function createEstate() {
  const subscriptions = new Map<string, Subscription>();
  const accounts = new Map<string, StorageAccount>();
  return {
    addSubscription(options: {
      readonly tenant: string;
      readonly name: string;
      readonly id?: string;
    }): Subscription {
      const { tenant, name, id = randomUUID() } = options;
      const subscription = { id, name, tenant };
      subscriptions.set(id, subscription);
      return subscription;
    },
    addStorageAccount(options: {
      readonly name: string;
      /** Subscription id. */
      readonly subscription: string;
      readonly resourceGroup?: string;
      readonly hierarchical?: boolean;
    }): StorageAccount {
      const { name, subscription, resourceGroup = 'data', hierarchical = false } = options;
      if (!ACCOUNT_NAME.test(name)) throw new Error(`${name} is no name of a storage account`);
      if (!subscriptions.has(subscription)) throw new Error(`no subscription ${subscription}`);
      if (accounts.has(name)) throw new Error(`${name} exists already; names are global`);
      const id = `/subscriptions/${subscription}/resourceGroups/${resourceGroup}/providers/Microsoft.Storage/storageAccounts/${name}`;
      const account = { name, subscription, resourceGroup, id, hierarchical };
      accounts.set(name, account);
      return account;
    },
    removeStorageAccount: (name: string): void => void accounts.delete(name),
    findSubscription: (id: string): Subscription | undefined => subscriptions.get(id.toLowerCase()),
    findAccount: (name: string): StorageAccount | undefined => accounts.get(name),
    subscriptions: (): readonly Subscription[] => [...subscriptions.values()],
    accountsIn: (subscription: string): readonly StorageAccount[] =>
      [...accounts.values()].filter((account) => account.subscription === subscription),
  };
}
