import { hash } from 'node:crypto';

import { answer, jsonAnswer } from '../answer.ts';
import type { Answer, Caller } from '../contract.ts';
import { isVersion, NEWEST } from './api-versions.ts';
import { type Failure, invalid, NOT_FOUND } from './failure.ts';
import type { Parameters } from './query.ts';

type Json = string | readonly Json[] | { readonly [name: string]: Json };

/** How a client learns which versions there are: it takes the first. */
const NO_VERSION: Answer = jsonAnswer(400, {
  error: 'Bad request. api-version was not specified in the request',
  'newest-versions': NEWEST,
});

/**
 * The instance metadata of a caller, or one entry of it. `path` is what follows `/metadata/instance`.
 * https://learn.microsoft.com/azure/virtual-machines/instance-metadata-service
 */
export function instanceAnswer(
  caller: Caller,
  installationId: string,
  path: string,
  parameters: Parameters,
): Answer | Failure {
  const { 'api-version': version, format } = parameters;
  if (version === undefined) return NO_VERSION;
  if (!isVersion(version)) return invalid('the parameter api-version is not a known one');
  if (format !== undefined && format !== 'json' && format !== 'text') {
    return invalid('the parameter format is json or text');
  }
  // Clients send their token requests to this region's authority: none is not to be mistaken for one.
  if (path === '/compute' && caller.azure.location === undefined) return NOT_FOUND;
  const found = entryAt(document(caller, installationId), path);
  if (found === undefined) return NOT_FOUND;
  if (format === 'text') return answer(200, 'text/plain; charset=utf-8', textOf(found));
  if (typeof found === 'string') return invalid('a single value is read with format=text');
  return jsonAnswer(200, found);
}

/** Nothing made up that somebody could act on: no zone, network or disk, and no region that was not configured. */
function document(caller: Caller, installationId: string): Json {
  const { azure, identities } = caller;
  const [first] = identities;
  const subscriptionId = azure.subscriptionId ?? first?.subscriptionId ?? '';
  const group = azure.resourceGroup ?? '';
  const tags = Object.entries(azure.tags);
  return {
    compute: {
      azEnvironment: first?.environment ?? 'AzurePublicCloud',
      ...(azure.location === undefined ? {} : { location: azure.location }),
      name: azure.name,
      osType: process.platform === 'win32' ? 'Windows' : 'Linux',
      provider: 'Microsoft.Compute',
      resourceGroupName: group,
      resourceId:
        subscriptionId === '' || group === ''
          ? ''
          : `/subscriptions/${subscriptionId}/resourceGroups/${group}/providers/Microsoft.Compute/virtualMachines/${azure.name}`,
      subscriptionId,
      tags: tags.map(([name, value]) => `${name}:${value}`).join(';'),
      tagsList: tags.map(([name, value]) => ({ name, value })),
      vmId: vmId(installationId, caller.workload),
      vmScaleSetName: '',
      vmSize: azure.vmSize,
      zone: '',
    },
    network: { interface: [] },
  };
}

function entryAt(root: Json, path: string): Json | undefined {
  let entry: Json | undefined = root;
  for (const name of path.split('/').slice(1)) {
    if (entry === undefined || typeof entry === 'string') return undefined;
    entry = Object.entries(entry).find(([key]) => key === name)?.[1];
  }
  return entry;
}

/** A value as it is, of anything else the names: those with more below end in a slash. */
function textOf(entry: Json): string {
  if (typeof entry === 'string') return entry;
  return Object.entries(entry)
    .map(([name, below]) => (typeof below === 'string' ? name : `${name}/`))
    .join('\n');
}

/** A GUID, the same for each workload of an installation. */
function vmId(installationId: string, workload: string): string {
  const digits = hash('sha256', `${installationId} ${workload}`, 'hex');
  return [8, 12, 16, 20, 32].map((end, i) => digits.slice([0, 8, 12, 16, 20][i], end)).join('-');
}
