import { googleAccount } from '../core/token-account.ts';
import type { GoogleAccount, TokenAccount } from '../core/token-account.ts';

interface Profile {
  readonly name: string;
  readonly account?: TokenAccount | undefined;
}

/** The account that clients are told first, in the project that the configuration names. */
export function defaultAccount(
  profiles: readonly Profile[],
  gce: { readonly projectId?: string | undefined },
): GoogleAccount | undefined {
  const account = profiles
    .map((one) => googleAccount(one.account))
    .find((one) => one !== undefined);
  if (account === undefined || gce.projectId === undefined) return account;
  return { ...account, projectId: gce.projectId };
}

/** Which accounts clients can ask for, and which profiles no client can: a second one with one e-mail. */
export function accountNotes(profiles: readonly Profile[]): readonly string[] {
  const byEmail = new Map<string, string>();
  const notes: string[] = [];
  for (const { name, account: any } of profiles) {
    const account = googleAccount(any);
    if (account === undefined) continue;
    const before = byEmail.get(account.email);
    if (before === undefined) byEmail.set(account.email, name);
    else {
      notes.push(
        `no client can ask a metadata server for ${name}: it is ${account.email}, and so is ${before}; ` +
          'put it into a workload of its own',
      );
    }
  }
  const [first, ...others] = byEmail.keys();
  if (first === undefined || others.length === 0) return notes;
  return [
    `clients get ${first} unasked; ${others.join(', ')} where they name that account`,
    ...notes,
  ];
}
