import { ValetkeyError } from '../core/errors.ts';
import { azureIdentity, googleAccount } from '../core/token-account.ts';
import type { CallerAccount, CallerIdentity } from '../endpoints/contract.ts';
import type { Workload, WorkloadProfile } from './workload.ts';

/** Google's service accounts of a workload, the default one first. */
export const accountsOf = perWorkload((profile): CallerAccount | undefined => {
  const account = googleAccount(profile.account);
  return account && { ...account, profile: profile.name };
});

/** Azure's identities of a workload, the default one first. */
export const identitiesOf = perWorkload((profile): CallerIdentity | undefined => {
  const identity = azureIdentity(profile.account);
  return identity && { ...identity, profile: profile.name };
});

/** What its profiles tell, made once: endpoints remember by the array. */
function perWorkload<T>(
  tell: (profile: WorkloadProfile) => T | undefined,
): (workload: Workload) => readonly T[] {
  const told = new WeakMap<Workload, readonly T[]>();
  return (workload) => {
    const known = told.get(workload);
    if (known !== undefined) return known;
    const { profiles } = workload;
    const made = (profiles instanceof ValetkeyError ? [] : profiles)
      .map(tell)
      .filter((one) => one !== undefined);
    told.set(workload, made);
    return made;
  };
}
