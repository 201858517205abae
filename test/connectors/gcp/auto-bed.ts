import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

import type { Proposal } from '../../../src/connectors/contract.ts';
import { autoConfigure } from '../../../src/connectors/gcp/auto-configure.ts';
import type { AccessToken } from '../../../src/core/credential.ts';
import { temporaryHome } from '../../support/home.ts';
import { issueBy, never, openBed, type Bed } from './bed.ts';

export interface AutoBed extends Bed {
  readonly home: string;
  /** A file in the person's home, as only they can read it. */
  write(path: string, content: string | object, mode?: number): string;
  /** A row per account in gcloud's database. */
  gcloudDatabase(rows: Readonly<Record<string, object>>): void;
  /** What is made of the machine, with these variables beside HOME. */
  find(ask?: FindAsk): Promise<Proposal>;
  /** A token by what was proposed, as it would be registered. */
  issue(proposal: Proposal): Promise<AccessToken>;
}

interface FindAsk {
  readonly env?: Readonly<Record<string, string>>;
  readonly method?: string;
  readonly given?: Readonly<Record<string, string>>;
  /** E-mails that the daemon's own identity may yield. */
  readonly allow?: readonly string[];
  readonly signal?: AbortSignal;
}

export const GCLOUD = '.config/gcloud';
export const ADC = `${GCLOUD}/application_default_credentials.json`;

/** A person's empty home on a machine that sees the stand-in as Google and has no metadata server. */
export async function openAutoBed(): Promise<AutoBed> {
  const bed = await openBed();
  const home = await temporaryHome();
  const pathOf = (path: string) => {
    const whole = join(home, path);
    mkdirSync(dirname(whole), { recursive: true });
    return whole;
  };
  return {
    ...bed,
    home,
    write(path, content, mode = 0o600) {
      const whole = pathOf(path);
      writeFileSync(whole, typeof content === 'string' ? content : JSON.stringify(content));
      chmodSync(whole, mode);
      return whole;
    },
    gcloudDatabase(rows) {
      const database = new DatabaseSync(pathOf(`${GCLOUD}/credentials.db`));
      database.exec('CREATE TABLE credentials (account_id TEXT PRIMARY KEY, value BLOB)');
      const insert = database.prepare('INSERT INTO credentials VALUES (?, ?)');
      for (const [account, value] of Object.entries(rows)) {
        insert.run(account, JSON.stringify(value));
      }
      database.close();
    },
    find({ env = {}, method, given = {}, allow = [], signal = never() } = {}) {
      const machine = {
        ...bed.machine,
        implicit: { allow },
        env: { ...bed.machine.env, HOME: home, NO_GCE_CHECK: 'true', ...env },
      };
      return autoConfigure({
        cloud: bed.cloud,
        machine,
        method,
        resource: undefined,
        given,
        signal,
      });
    },
    issue({ method, config, secret, expiresAt }) {
      const texts = Object.entries(secret).map(([name, value]) => [name, value.reveal()] as const);
      return issueBy(method, bed, {
        config,
        secret: Object.fromEntries(texts),
        ...(expiresAt === undefined ? {} : { expiresAt }),
      });
    },
  };
}

/** `gcloud config set` as it writes it. */
export function properties(
  sections: Readonly<Record<string, Readonly<Record<string, string>>>>,
): string {
  return Object.entries(sections)
    .map(([name, keys]) => {
      const lines = Object.entries(keys).map(([key, value]) => `${key} = ${value}\n`);
      return `[${name}]\n${lines.join('')}\n`;
    })
    .join('');
}
