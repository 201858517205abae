import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import { onTestFinished } from 'vitest';

import type { Machine } from '../../../src/connectors/contract.ts';
import { fakeClock, type FakeClock } from '../../support/fake-clock.ts';

export interface AwsHome {
  readonly config?: string | undefined;
  readonly credentials?: string | undefined;
  /** Further variables; `HOME` is the folder made here. */
  readonly env?: Readonly<Record<string, string>> | undefined;
  readonly allow?: readonly string[] | undefined;
  readonly clock?: FakeClock | undefined;
}

export interface HomeMachine extends Machine {
  readonly home: string;
  readonly clock: FakeClock;
  /** Writes a file below the home. */
  write(path: string, content: string): string;
}

/** A machine with a home of its own and nothing else: no variable of this process reaches it. */
export function awsHome(options: AwsHome = {}): HomeMachine {
  const home = mkdtempSync(join(tmpdir(), 'valetkey-aws-'));
  onTestFinished(() => rmSync(home, { recursive: true, force: true }));
  const write = (path: string, content: string): string => {
    const file = join(home, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, content, { mode: 0o600 });
    return file;
  };
  if (options.config !== undefined) write('.aws/config', options.config);
  if (options.credentials !== undefined) write('.aws/credentials', options.credentials);
  return {
    home,
    write,
    clock: options.clock ?? fakeClock(),
    env: {
      HOME: home,
      PATH: '/usr/bin:/bin',
      AWS_EC2_METADATA_DISABLED: 'true',
      ...options.env,
    },
    implicit: { allow: options.allow ?? [] },
  };
}
