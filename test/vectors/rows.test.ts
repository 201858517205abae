import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

import { describe, expect, test } from 'vitest';

import azureAppService from './azure-app-service.ts';
import azureArc from './azure-arc.ts';
import azureCloudShell from './azure-cloud-shell.ts';
import azureImds from './azure-imds.ts';
import ecs from './ecs.ts';
import gceMetadata from './gce-metadata.ts';
import imds from './imds.ts';
import podIdentity from './pod-identity.ts';
import type { Vector } from './vector.ts';

const TEST = resolve(import.meta.dirname, '..');

interface Checklist {
  readonly cloud: string;
  readonly rows: number;
  readonly vectors: readonly Vector[];
  /** How its rows are cited in a test file, or `undefined` for a file that is not about it. */
  readonly cited: (file: string) => RegExp | undefined;
  /** Rows that are decided by other parts, and where those are tested. */
  readonly elsewhere: Readonly<Record<number, string>>;
  /** Rows of protocols that are not served. */
  readonly left?: readonly number[];
  /** Lines that depart from it. */
  readonly corrected: number;
}

/** Files about one cloud alone cite its rows plainly; those about several name it, but for AWS. */
const isGoogles = (file: string): boolean => file.startsWith('gce-');
const isAzures = (file: string): boolean => file.startsWith('azure-');

const CHECKLISTS: readonly Checklist[] = [
  {
    cloud: 'AWS',
    rows: 111,
    vectors: [...ecs, ...imds, ...podIdentity],
    cited: (file) =>
      isGoogles(file) || isAzures(file) ? undefined : /\b(?<!GCE |Azure )row:? (\d+)/g,
    elsewhere: {
      7: 'faults/upstream.test.ts', // 15 minutes left, always
      12: 'faults/upstream.test.ts', // one upstream call
      18: 'workloads/access.test.ts', // overlap of rotated secrets
      32: 'faults/upstream.test.ts', // throttled, cached
      34: 'broker/broker.test.ts', // upstream down, cached
      108: 'daemon/leak.test.ts', // no secret in any output
    },
    corrected: 2,
  },
  {
    cloud: 'Google',
    rows: 120,
    vectors: gceMetadata,
    cited: (file) => (isGoogles(file) ? /\brow:? (\d+)/g : /\bGCE row:? (\d+)/g),
    elsewhere: {},
    corrected: 1,
  },
  {
    cloud: 'Azure',
    rows: 150,
    vectors: [...azureImds, ...azureAppService, ...azureArc, ...azureCloudShell],
    cited: (file) => (isAzures(file) ? /\brow:? (\d+)/g : /\bAzure row:? (\d+)/g),
    elsewhere: {},
    // Service Fabric: clients pin the certificate of a TLS listener, and there is none. The Developer
    // CLI's own protocol: it knows App Service's too.
    left: [135, 136, 137, 140],
    corrected: 0,
  },
];

describe.each(CHECKLISTS)('$cloud', ({ rows, vectors, cited, elsewhere, left = [], corrected }) => {
  test('every row of the checklist has a line somewhere', () => {
    const inTests = ['server', 'endpoints'].flatMap((folder) =>
      readdirSync(join(TEST, folder)).flatMap((file) => {
        const citation = cited(file);
        if (citation === undefined) return [];
        const text = readFileSync(join(TEST, folder, file), 'utf8');
        return [...text.matchAll(citation)].map(([, row]) => Number(row));
      }),
    );
    const covered = new Set([
      ...vectors.flatMap(({ row }) => row),
      ...inTests,
      ...Object.keys(elsewhere).map(Number),
      ...left,
    ]);
    const missing = Array.from({ length: rows }, (_, index) => index + 1).filter(
      (row) => !covered.has(row),
    );
    expect(missing).toEqual([]);
    expect(Object.values(elsewhere).filter((file) => !existsSync(join(TEST, file)))).toEqual([]);
  });

  test('a line that departs from the checklist says why', () => {
    const reasons = vectors.flatMap((line) => line.corrected ?? []);
    expect(reasons).toHaveLength(corrected);
    for (const reason of reasons)
      expect(reason).toMatch(/^the row wants (?:\d{3}|the body ignored); /);
  });
});
