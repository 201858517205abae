import { join } from 'node:path';

import { lookup } from '../connectors/input.ts';
import type { Cloud, WorkloadAccess } from '../control/api.ts';
import { ValetkeyError } from '../core/errors.ts';
import type { Endpoint, Variables, VariablesInput } from '../endpoints/contract.ts';
import { ENDPOINTS } from '../endpoints/index.ts';
import { APP_SERVICE_ENDPOINT, GOOGLE_ENDPOINT, IMDS_ENDPOINT } from './clouds.ts';
import { withoutOwnAzure } from './own-azure.ts';
import { withoutOwnGcloud } from './own-gcloud.ts';
import type { Led } from './own-gcloud.ts';
import { withoutOwnProfile } from './own-profile.ts';

/** An endpoint that a program is led to, and what its variables are made of. */
export interface Lead extends VariablesInput {
  readonly cloud: Cloud;
  readonly endpoint: string;
}

export interface LeadOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly now: number;
  /** For what is put in the place of a person's own files. */
  readonly directory: string;
  /** The folder of a tool (`gcloud`, `azure`) in the place of the person's own. */
  readonly folderOf: (tool: string) => string;
  /** Such folders also where the person's own is harmless. */
  readonly always: boolean;
}

export type Mode = 'ecs' | 'imds' | 'gce' | 'azure';

const ALL: Readonly<Record<string, Endpoint>> = ENDPOINTS;

const CLOUD_OF = { ecs: 'aws', imds: 'aws', gce: 'google', azure: 'azure' } as const;

/** One set of variables for all leads, and a person's own files out of the way. */
export async function leadTo(leads: readonly Lead[], options: LeadOptions): Promise<Led> {
  let variables = joined(
    leads.map((lead) => lookup(ALL, lead.endpoint, 'endpoint').variables(lead)),
  );
  const warnings: string[] = [];
  for (const cloud of new Set(leads.map((lead) => lead.cloud))) {
    const led = await WITHOUT_OWN[cloud](variables, options);
    warnings.push(...led.warnings);
    ({ variables } = led);
  }
  return { variables, warnings };
}

const WITHOUT_OWN: Readonly<
  Record<Cloud, (variables: Variables, options: LeadOptions) => Promise<Led>>
> = {
  aws: (variables, { env, directory }) => withoutOwnProfile(variables, env, directory),
  google: (variables, { env, now, folderOf, always }) =>
    withoutOwnGcloud(variables, { env, now, folder: folderOf('gcloud'), always }),
  azure: (variables, { env, folderOf, always }) =>
    withoutOwnAzure(variables, { env, folder: folderOf('azure'), always }),
};

/** What one endpoint sets, another does not clear; the last one to set it wins. Proxy exceptions add up. */
function joined(all: readonly Variables[]): Variables {
  const set: Record<string, string> = {};
  for (const one of all) {
    for (const [name, value] of Object.entries(one.set)) {
      const before = /^no_proxy$/i.test(name) ? set[name] : undefined;
      set[name] =
        before === undefined
          ? value
          : [...new Set([...before.split(','), ...value.split(',')])].join(',');
    }
  }
  const clear = new Set(all.flatMap((one) => one.clear));
  return { set, clear: [...clear].filter((name) => !(name in set)) };
}

/**
 * The variables for the running daemon. Without a mode: for every cloud that the workload has
 * credentials of. Throws `INPUT_INVALID` for a mode that the daemon does not serve this workload.
 */
export async function clientVariables(
  access: WorkloadAccess,
  mode: Mode | undefined,
  options: Pick<LeadOptions, 'env' | 'now' | 'directory'>,
): Promise<Led> {
  const { workload, notes = [] } = access;
  const modes = mode === undefined ? needed(access) : [mode];
  const leads = modes.flatMap((one) => {
    const found = leadsFor(one, access);
    if (found.length === 0) throw notServed(access, one);
    return found;
  });
  const folderOf = (tool: string) => join(options.directory, tool, workload);
  const led = await leadTo(leads, { ...options, folderOf, always: false });
  const told = modes.some((one) => CLOUD_OF[one] !== 'aws') ? notes : [];
  return { ...led, warnings: [...told, ...led.warnings] };
}

function needed({ clouds, endpoints }: WorkloadAccess): readonly Mode[] {
  const aws = endpoints.includes('ecs') || !endpoints.includes('imds') ? 'ecs' : 'imds';
  // Nothing is known of grants that cannot be used yet: those of AWS need the least.
  const known: readonly Cloud[] = clouds.length === 0 ? ['aws'] : clouds;
  const modes = { aws, google: 'gce', azure: 'azure' } as const satisfies Record<Cloud, Mode>;
  return known.map((cloud) => modes[cloud]);
}

/** None: nothing that a variable can name serves it to this workload. */
function leadsFor(mode: Mode, access: WorkloadAccess): readonly Lead[] {
  const { baseUrl, token, tokenFile, region, endpoints, gce, azure } = access;
  const cloud = CLOUD_OF[mode];
  const lead = (endpoint: string, at: string | undefined, more: object = {}): readonly Lead[] =>
    at === undefined ? [] : [{ cloud, endpoint, baseUrl: at, token, tokenFile, region, ...more }];
  switch (mode) {
    case 'ecs':
    case 'imds':
      return endpoints.includes(mode) ? lead(mode, baseUrl) : [];
    case 'gce':
      return gce === undefined ? [] : lead(GOOGLE_ENDPOINT, gce.baseUrl, { account: gce.account });
    case 'azure':
      return azure === undefined ? [] : azureLeads(azure, lead);
  }
}

/** Both shapes: some clients know one alone. What both set is of the one that asks for the secret. */
function azureLeads(
  { imds, appService, identity }: NonNullable<WorkloadAccess['azure']>,
  lead: (endpoint: string, at: string | undefined, more: object) => readonly Lead[],
): readonly Lead[] {
  const more = { account: identity };
  return [...lead(IMDS_ENDPOINT, imds, more), ...lead(APP_SERVICE_ENDPOINT, appService, more)];
}

function notServed(access: WorkloadAccess, mode: Mode): ValetkeyError {
  const served = (['ecs', 'imds', 'gce', 'azure'] as const).filter(
    (one) => leadsFor(one, access).length > 0,
  );
  return new ValetkeyError('INPUT_INVALID', {
    subject: '--mode',
    reason: `no listener that a variable can name serves ${mode} to workload ${access.workload}`,
    hint: `it is served: ${served.join(', ') || 'nothing'}`,
  });
}
