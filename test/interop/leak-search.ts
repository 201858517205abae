import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

import type { Outcome } from '../beds/process.ts';

/** Collects secrets and everything that was said, and finds the ones in the other. */
export interface LeakSearch {
  readonly secrets: Set<string>;
  /** Who has said something so far. */
  places(): readonly string[];
  hear(who: string, text: string): void;
  hearOutcome(who: string, outcome: Pick<Outcome, 'stdout' | 'stderr'>): void;
  /** Every file below a folder but those that `skipped` says hold secrets on purpose. */
  hearFiles(folder: string, skipped: (path: string) => boolean): Promise<void>;
  found(): readonly { readonly who: string; readonly secret: string }[];
}

export function leakSearch(planted: readonly string[]): LeakSearch {
  const secrets = new Set(planted);
  const said: { readonly who: string; readonly text: string }[] = [];
  const hear = (who: string, text: string): void => void said.push({ who, text });
  return {
    secrets,
    hear,
    places: () => said.map(({ who }) => who),
    hearOutcome(who, { stdout, stderr }) {
      hear(`${who}, stdout`, stdout);
      hear(`${who}, stderr`, stderr);
    },
    async hearFiles(folder, skipped) {
      const entries = await readdir(folder, { recursive: true, withFileTypes: true });
      const paths = entries
        .filter((entry) => entry.isFile())
        .map((entry) => join(entry.parentPath, entry.name));
      for (const path of paths) if (!skipped(path)) hear(path, await readFile(path, 'latin1'));
    },
    found: () =>
      [...secrets].flatMap((secret) =>
        said
          .filter(({ text }) => forms(secret).some((form) => text.includes(form)))
          .map(({ who }) => ({ who, secret: `${secret.slice(0, 24)}…` })),
      ),
  };
}

/** As it is, as URLs and JSON write it, in base64 and in hexadecimal digits. */
function forms(secret: string): readonly string[] {
  return [
    secret,
    encodeURIComponent(secret),
    JSON.stringify(secret).slice(1, -1),
    Buffer.from(secret).toString('base64').replace(/=+$/, ''),
    Buffer.from(secret).toString('hex'),
  ];
}
