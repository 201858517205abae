import { createHash } from 'node:crypto';

import type { Caller, CallerAccount } from '../contract.ts';
import { array, dictionary, digits, type Directory, directory, lines, NONE, text } from './tree.ts';

/** What clients without a word of a universe believe in. */
const USUAL_UNIVERSE = 'googleapis.com';

const NUMBER = /^(?:0|[1-9]\d*)$/;

/**
 * All that a workload is told: everything clients are known to read, and nothing made up that
 * somebody could act on (no zone, network or disk that was not configured).
 * https://cloud.google.com/compute/docs/metadata/predefined-metadata-keys
 */
export function metadataTree(caller: Caller, installationId: string): Directory {
  const { gce, accounts } = caller;
  const [first] = accounts;
  const projectId = gce.projectId ?? first?.projectId ?? '';
  const number = projectNumber(gce.projectNumber ?? first?.projectNumber);
  const inProject = (kind: string, name: string) => text(`projects/${number}/${kind}/${name}`);
  return directory({
    computeMetadata: directory({
      v1: directory({
        instance: directory({
          attributes: attributes(gce.attributes),
          description: text(''),
          disks: NONE,
          hostname: text(hostname(gce.name, projectId)),
          id: digits(instanceId(installationId, caller.workload)),
          licenses: NONE,
          'machine-type': inProject('machineTypes', gce.machineType),
          'maintenance-event': text('NONE'),
          name: text(gce.name),
          'network-interfaces': NONE,
          preempted: text('FALSE'),
          region: gce.zone === undefined ? undefined : inProject('regions', regionOf(gce.zone)),
          scheduling: directory({
            'automatic-restart': text('TRUE'),
            'on-host-maintenance': text('MIGRATE'),
            preemptible: text('FALSE'),
          }),
          'service-accounts': dictionary(accountEntries(accounts)),
          tags: array(gce.tags),
          'virtual-clock': directory({ 'drift-token': digits('0') }),
          zone: gce.zone === undefined ? undefined : inProject('zones', gce.zone),
        }),
        project: directory({
          attributes: attributes(gce.projectAttributes),
          'numeric-project-id': digits(number),
          'project-id': projectId === '' ? undefined : text(projectId),
        }),
        universe: directory({
          'universe-domain': text(first?.universeDomain ?? USUAL_UNIVERSE),
        }),
      }),
    }),
  });
}

function attributes(given: Readonly<Record<string, string>>): Directory {
  return dictionary(Object.entries(given).map(([name, value]) => [name, text(value)]));
}

/** The default account under both of its names, the others by e-mail; of two with one e-mail the first. */
function* accountEntries(accounts: readonly CallerAccount[]): Iterable<[string, Directory]> {
  const [first] = accounts;
  if (first !== undefined) yield ['default', accountDirectory(first, ['default'])];
  for (const account of accounts) {
    // With a slash in it, no path could name it.
    if (account.email === '' || account.email.includes('/')) continue;
    yield [account.email, accountDirectory(account, account === first ? ['default'] : [])];
  }
}

function accountDirectory(account: CallerAccount, aliases: readonly string[]): Directory {
  return directory({
    aliases: lines(aliases),
    email: text(account.email),
    identity: { kind: 'identity', account },
    scopes: lines(account.scopes),
    token: { kind: 'token', account },
  });
}

/** gcloud takes anything but digits for "not on Compute Engine": 0 stands for a number nobody has told. */
function projectNumber(known: string | undefined): string {
  return known !== undefined && NUMBER.test(known) ? known : '0';
}

/** `example.com:app` is a project of a domain, and has a name of its own kind in the DNS. */
function hostname(name: string, projectId: string): string {
  const labels = [name, 'c', ...projectId.split(':').toReversed(), 'internal'];
  return labels.filter((label) => label !== '').join('.');
}

function regionOf(zone: string): string {
  return zone.slice(0, zone.lastIndexOf('-'));
}

/**
 * 19 digits, the same for each workload of an installation. Above 2^53 as real ones are, so that
 * whoever reads it into a double is found out, and below 2^63 for those who read a signed integer.
 */
export function instanceId(installationId: string, workload: string): string {
  const bits = createHash('sha256').update(`${installationId} ${workload}`).digest();
  return ((bits.readBigUInt64BE() >> 2n) | (1n << 62n)).toString();
}
