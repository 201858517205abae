import { join } from 'node:path';

import { lookup } from '../connectors/input.ts';
import type { WorkloadAccess } from '../control/api.ts';
import type { CredentialKind } from '../core/credential.ts';
import { ValetkeyError } from '../core/errors.ts';
import type { Endpoint, Variables, VariablesInput } from '../endpoints/contract.ts';
import { ENDPOINTS } from '../endpoints/index.ts';
import { withoutOwnGcloud } from './own-gcloud.ts';
import type { Led } from './own-gcloud.ts';
import { withoutOwnProfile } from './own-profile.ts';

/** An endpoint that a program is led to, and what its variables are made of. */
export interface Lead extends VariablesInput {
  readonly endpoint: string;
}

export interface LeadOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly now: number;
  /** For what is put in the place of a person's own files. */
  readonly directory: string;
  /** The gcloud folder below it; `always`: also where the person's own is harmless. */
  readonly gcloud: { readonly name: string; readonly always: boolean };
}

export type Mode = 'ecs' | 'imds' | 'gce';

const ALL: Readonly<Record<string, Endpoint>> = ENDPOINTS;
const METADATA = 'gce-metadata';

const ENDPOINT_OF = { ecs: 'ecs', imds: 'imds', gce: METADATA } as const;

/** The endpoint by which credentials of a kind reach programs that are told variables. */
export function endpointFor(kind: CredentialKind): string {
  return kind === 'aws-session' ? 'ecs' : METADATA;
}

/** One set of variables for all leads, and a person's own files out of the way. */
export async function leadTo(leads: readonly Lead[], options: LeadOptions): Promise<Led> {
  const { env, now, directory, gcloud } = options;
  let variables = joined(
    leads.map(({ endpoint, ...input }) => lookup(ALL, endpoint, 'endpoint').variables(input)),
  );
  const warnings: string[] = [];
  if (leads.some(({ endpoint }) => endpoint !== METADATA)) {
    const led = await withoutOwnProfile(variables, env, directory);
    warnings.push(...led.warnings);
    ({ variables } = led);
  }
  if (leads.some(({ endpoint }) => endpoint === METADATA)) {
    const { name, always } = gcloud;
    const folder = join(directory, name);
    const led = await withoutOwnGcloud(variables, { env, now, folder, always });
    warnings.push(...led.warnings);
    ({ variables } = led);
  }
  return { variables, warnings };
}

/** What one endpoint sets, another does not clear; proxy exceptions add up. */
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
  options: Omit<LeadOptions, 'gcloud'>,
): Promise<Led> {
  const { workload, token, tokenFile, region, gce } = access;
  const wanted = mode === undefined ? needed(access) : [ENDPOINT_OF[mode]];
  const leads = wanted.map((endpoint): Lead => {
    const baseUrl = baseUrlFor(access, endpoint);
    if (baseUrl === undefined) throw notServed(access, endpoint);
    return { endpoint, baseUrl, token, tokenFile, region, account: gce?.account };
  });
  const gcloud = { name: join('gcloud', workload), always: false };
  const led = await leadTo(leads, { ...options, gcloud });
  const notes = wanted.includes(METADATA) ? (access.notes ?? []) : [];
  return { ...led, warnings: [...notes, ...led.warnings] };
}

function needed({ kinds, endpoints }: WorkloadAccess): readonly string[] {
  const aws = endpoints.includes('ecs') || !endpoints.includes('imds') ? 'ecs' : 'imds';
  // Nothing is known of grants that cannot be used yet: those of AWS need the least.
  const known: readonly CredentialKind[] = kinds.length === 0 ? ['aws-session'] : kinds;
  return known.map((kind) => (kind === 'aws-session' ? aws : endpointFor(kind)));
}

function baseUrlFor(
  { baseUrl, endpoints, gce }: WorkloadAccess,
  endpoint: string,
): string | undefined {
  if (endpoint === METADATA) return gce?.baseUrl;
  return endpoints.includes(endpoint) ? baseUrl : undefined;
}

function notServed({ workload, endpoints, gce }: WorkloadAccess, endpoint: string): ValetkeyError {
  const served = [...endpoints, ...(gce === undefined ? [] : ['gce'])].join(', ') || 'nothing';
  return new ValetkeyError('INPUT_INVALID', {
    subject: '--mode',
    reason: `no listener that a variable can name serves ${endpoint} to workload ${workload}`,
    hint: `it is served: ${served}`,
  });
}
