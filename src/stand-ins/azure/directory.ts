import { randomUUID } from 'node:crypto';
import { createApp } from './apps.ts';
import type { App, AppOptions, AppState } from './apps.ts';
import { createResources } from './resources.ts';
import type { Resources } from './resources.ts';
import { createRefreshTokens, createUser } from './users.ts';
import type { RefreshTokens, User, UserOptions, UserState } from './users.ts';

/** Microsoft's own public clients, there in every tenant: the Azure CLI, and Azure's SDKs when none is named. */
export const AZURE_CLI = '04b07795-8ddb-461a-bbee-02f9e1bf7b46';

export interface Tenant {
  readonly id: string;
  readonly domain: string;
}

/** Tenants, apps and people; the resources that tokens can be for. */
export interface Directory {
  /** The id is made up unless given; the domain too. */
  addTenant(options?: { readonly id?: string; readonly domain?: string }): Tenant;
  addApp(options: AppOptions): App;
  addUser(options: UserOptions): User;
  readonly resources: Resources;
  readonly refreshTokens: RefreshTokens;
  /** By id or domain, in any case. */
  findTenant(name: string): Tenant | undefined;
  tenants(): readonly Tenant[];
  findApp(clientId: string): AppState | undefined;
  findUser(upn: string): UserState | undefined;
  /** Whether somebody without a secret may use the client. */
  isPublicClient(clientId: string): boolean;
}

export function createDirectory(now: () => number): Directory {
  const tenants = new Map<string, Tenant>();
  const apps = new Map<string, AppState>();
  const users = new Map<string, UserState>();
  const refreshTokens = createRefreshTokens(now);
  return {
    addTenant({ id = randomUUID(), domain = `t${id.slice(0, 8)}.onmicrosoft.com` } = {}) {
      const tenant = { id, domain };
      tenants.set(id, tenant);
      return tenant;
    },
    addApp(options) {
      mustKnow(tenants, options.tenant);
      const state = createApp(options, now);
      apps.set(state.app.clientId, state);
      return state.app;
    },
    addUser(options) {
      mustKnow(tenants, options.tenant);
      const state = createUser(options, refreshTokens, AZURE_CLI);
      users.set(options.upn, state);
      return state.user;
    },
    resources: createResources(),
    refreshTokens,
    findTenant(name) {
      const wanted = name.toLowerCase();
      return [...tenants.values()].find(
        ({ id, domain }) => id.toLowerCase() === wanted || domain.toLowerCase() === wanted,
      );
    },
    tenants: () => [...tenants.values()],
    findApp: (clientId) => apps.get(clientId.toLowerCase()),
    findUser: (upn) => users.get(upn),
    isPublicClient: (clientId) =>
      clientId.toLowerCase() === AZURE_CLI ||
      apps.get(clientId.toLowerCase())?.publicClient === true,
  };
}

function mustKnow(tenants: ReadonlyMap<string, Tenant>, id: string): void {
  if (!tenants.has(id)) throw new Error(`no tenant ${id}: add it first`);
}
