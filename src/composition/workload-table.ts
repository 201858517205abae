import type { Config } from '../config/schema.ts';
import type { WorkloadConfig } from '../config/workload-schema.ts';
import { toValetkeyError } from '../core/errors.ts';
import type { AzureInstance, GceInstance } from '../endpoints/contract.ts';
import { resolveGrants } from '../service/grants.ts';
import type { GrantLine } from '../service/grants.ts';
import type { Service } from '../service/context.ts';
import type { Tokens } from '../workloads/tokens.ts';
import { azureInstance } from './azure-instance.ts';
import { gceInstance } from './gce-instance.ts';
import { ownRule } from './own-listeners.ts';
import type { ClientRule, Workload } from '../workloads/workload.ts';

/** The workloads in force: the configured ones and those opened while running. */
export interface WorkloadTable {
  current(): ReadonlyMap<string, Workload>;
  /** Replaces the configured workloads in one step; on a throw everything stays as it was (invariant 13). */
  rebuild(config: Config): Promise<void>;
  /** Looks at the catalog again: connectors came, went or changed. */
  refresh(): Promise<void>;
  /** An unnamed workload made of grants. Throws when a grant cannot be resolved. */
  open(name: string, grants: readonly GrantLine[]): Promise<Workload>;
  /** Calls `listener` after each change, until the returned function is called. */
  onChange(listener: () => void): () => void;
}

/** Unnamed workloads kept at most (invariant 8); the one opened longest ago goes. */
const MOST_OPENED = 256;

interface Recipe {
  readonly name: string;
  readonly grants: readonly GrantLine[];
  readonly region: string | undefined;
  readonly roleName: string;
  readonly imdsV1: boolean;
  readonly gce: GceInstance;
  readonly azure: AzureInstance;
  readonly clients: readonly ClientRule[];
}

export function createWorkloadTable(
  service: Pick<Service, 'catalog' | 'types' | 'store'>,
  tokens: Tokens,
  ownUid: number | undefined,
): WorkloadTable {
  let table: ReadonlyMap<string, Workload> = new Map();
  let configured: readonly Recipe[] = [];
  const opened = new Map<string, Recipe>();
  const listeners = new Set<() => void>();
  let last: Promise<unknown> = Promise.resolve();

  /** One step after the other: a slow look at the catalog must not undo what a later step did. */
  function inTurn<T>(step: () => Promise<T>): Promise<T> {
    const turn = last.then(step);
    last = turn.catch(() => {});
    return turn;
  }

  async function cook(recipes: readonly Recipe[]): Promise<ReadonlyMap<string, Workload>> {
    return new Map(
      await Promise.all(recipes.map(async (one) => [one.name, await workloadOf(one)] as const)),
    );
  }

  async function workloadOf({ grants, ...recipe }: Recipe): Promise<Workload> {
    try {
      const profiles = await resolveGrants(service, grants);
      return { ...recipe, region: recipe.region ?? profiles[0]?.region, profiles };
    } catch (error) {
      return { ...recipe, profiles: toValetkeyError(error) };
    }
  }

  async function adopt(recipes: readonly Recipe[]): Promise<void> {
    const next = await cook([...recipes, ...opened.values()]);
    for (const { name, clients } of recipes) {
      if (clients.some(({ kind }) => kind === 'token')) await tokens.load(name);
    }
    for (const name of table.keys()) if (!next.has(name)) tokens.forget(name);
    configured = recipes;
    changeTo(next);
  }

  function changeTo(next: ReadonlyMap<string, Workload>): void {
    table = next;
    tokens.reloaded();
    for (const listener of listeners) listener();
  }

  async function open(name: string, grants: readonly GrantLine[]): Promise<Workload> {
    const profiles = await resolveGrants(service, grants);
    const recipe: Recipe = {
      name,
      grants,
      region: undefined,
      roleName: name,
      imdsV1: false,
      gce: gceInstance(name),
      azure: azureInstance(name),
      clients: [{ kind: 'token' }, ownRule(name, ownUid)],
    };
    await tokens.load(name);
    const workload = { ...recipe, region: profiles[0]?.region, profiles };
    const next = new Map([...table, [name, workload]]);
    opened.delete(name);
    opened.set(name, recipe);
    for (const oldest of [...opened.keys()].slice(0, -MOST_OPENED)) {
      opened.delete(oldest);
      next.delete(oldest);
      tokens.forget(oldest);
    }
    changeTo(next);
    return workload;
  }

  return {
    current: () => table,
    rebuild: (config) =>
      inTurn(() =>
        adopt(
          Object.entries(config.workloads).flatMap(([name, workload]) =>
            workload === undefined ? [] : [recipeOf(name, workload, ownUid)],
          ),
        ),
      ),
    refresh: () => inTurn(() => adopt(configured)),
    open: (name, grants) => inTurn(() => open(name, grants)),
    onChange(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}

function recipeOf(name: string, config: WorkloadConfig, ownUid: number | undefined): Recipe {
  return {
    name,
    grants: config.grants,
    region: config.region,
    roleName: config.aws.role_name ?? name,
    imdsV1: config.aws.imds_v1,
    gce: gceInstance(name, config.gcp),
    azure: azureInstance(name, config.azure),
    clients: [...config.clients.map((rule) => ruleOf(rule, ownUid)), ownRule(name, ownUid)],
  };
}

function ruleOf(rule: WorkloadConfig['clients'][number], ownUid: number | undefined): ClientRule {
  if ('token' in rule) return { kind: 'token' };
  if ('listener' in rule) {
    const uid = rule.any_user === true ? undefined : (rule.uid ?? ownUid ?? -1);
    return { kind: 'listener', listener: rule.listener, uid };
  }
  if ('challenge' in rule) {
    return { kind: 'challenge', listener: rule.challenge, uid: rule.uid ?? ownUid ?? -1 };
  }
  const [namespace, account] = rule.service_account.split('/');
  return { kind: 'service-account', subject: `system:serviceaccount:${namespace}:${account}` };
}
