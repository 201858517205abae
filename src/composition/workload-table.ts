import type { Config, WorkloadConfig } from '../config/schema.ts';
import { toValetkeyError } from '../core/errors.ts';
import { resolveGrants } from '../service/grants.ts';
import type { GrantLine } from '../service/grants.ts';
import type { Service } from '../service/context.ts';
import type { Tokens } from '../workloads/tokens.ts';
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
}

interface Recipe {
  readonly name: string;
  readonly grants: readonly GrantLine[];
  readonly region: string | undefined;
  readonly roleName: string;
  readonly imdsV1: boolean;
  readonly clients: readonly ClientRule[];
}

export function createWorkloadTable(
  service: Pick<Service, 'catalog' | 'types'>,
  tokens: Tokens,
  ownUid: number | undefined,
): WorkloadTable {
  let table: ReadonlyMap<string, Workload> = new Map();
  let configured: readonly Recipe[] = [];
  const opened = new Map<string, Recipe>();

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
    table = next;
    tokens.reloaded();
  }

  return {
    current: () => table,
    rebuild: (config) =>
      adopt(
        Object.entries(config.workloads).flatMap(([name, workload]) =>
          workload === undefined ? [] : [recipeOf(name, workload, ownUid)],
        ),
      ),
    refresh: () => adopt(configured),
    async open(name, grants) {
      const profiles = await resolveGrants(service, grants);
      const recipe: Recipe = {
        name,
        grants,
        region: undefined,
        roleName: name,
        imdsV1: false,
        clients: [{ kind: 'token' }],
      };
      await tokens.load(name);
      opened.set(name, recipe);
      const workload = { ...recipe, region: profiles[0]?.region, profiles };
      table = new Map([...table, [name, workload]]);
      tokens.reloaded();
      return workload;
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
    clients: config.clients.map((rule): ClientRule => {
      if ('token' in rule) return { kind: 'token' };
      if ('listener' in rule) {
        const uid = rule.any_user === true ? undefined : (rule.uid ?? ownUid ?? -1);
        return { kind: 'listener', listener: rule.listener, uid };
      }
      const [namespace, account] = rule.service_account.split('/');
      return { kind: 'service-account', subject: `system:serviceaccount:${namespace}:${account}` };
    }),
  };
}
