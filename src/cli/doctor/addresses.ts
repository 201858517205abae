import type { Finding, Patient } from './check.ts';
import { linkLocal } from './link-local.ts';

/** Has this machine the addresses of the clouds that it is configured to listen at? */
export function addresses(patient: Patient): readonly Finding[] {
  const wanted = [...new Set(linkLocal(patient).map(({ address }) => address))];
  return wanted.map((address): Finding => {
    const about = 'address';
    if (patient.addresses.includes(address)) {
      return { about, verdict: 'ok', found: `${address} is an address of this machine` };
    }
    return {
      about,
      verdict: 'problem',
      found: `${address} is no address of this machine`,
      means: 'nothing can listen there, and clients that are told nothing get no answer',
      mend: addCommand(address, patient.platform),
    };
  });
}

function addCommand(address: string, platform: NodeJS.Platform): string {
  const v6 = address.includes(':');
  if (platform === 'darwin') return `sudo ifconfig lo0 ${v6 ? 'inet6' : 'inet'} ${address} alias`;
  return v6
    ? `sudo ip -6 address add ${address}/128 dev lo`
    : `sudo ip address add ${address}/32 dev lo`;
}
