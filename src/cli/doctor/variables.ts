import type { EndpointFacts } from '../context.ts';
import type { Finding, Patient } from './check.ts';
import { ledTo, linkLocal } from './link-local.ts';

/** Endpoints of one cloud, by what their kinds begin with. */
const CLOUDS = [
  { cloud: 'AWS', kinds: /^(?:ecs|imds|pod-identity)$/ },
  { cloud: 'Google', kinds: /^gce-/ },
  { cloud: 'Azure', kinds: /^azure-/ },
] as const;

/** Variables of this shell that come before an endpoint in a client's search. Their names alone. */
export function variables(patient: Patient): readonly Finding[] {
  return CLOUDS.map(({ cloud, kinds }): Finding => {
    const about = 'variables';
    const set = stronger(patient.endpoints.filter(({ kind }) => kinds.test(kind))).filter(
      (name) => (patient.env[name] ?? '') !== '',
    );
    if (set.length === 0) {
      return { about, verdict: 'ok', found: `none that wins over an endpoint of ${cloud}’s kind` };
    }
    const used = ledTo(patient).length > 0 || linkLocal(patient).length > 0;
    return {
      about,
      verdict: used ? 'problem' : 'note',
      found: `${set.join(', ')} ${set.length === 1 ? 'is' : 'are'} set`,
      means: `programs of this shell use ${set.length === 1 ? 'it' : 'them'} before any endpoint; valetkey exec and env clear ${set.length === 1 ? 'it' : 'them'}`,
      mend: `unset ${set.join(' ')}`,
    };
  });
}

/** What all endpoints of a cloud clear, and none of them sets. */
function stronger(endpoints: readonly EndpointFacts[]): readonly string[] {
  const ours = new Set(endpoints.flatMap(({ sets }) => sets));
  return [...new Set(endpoints.flatMap(({ clears }) => clears))].filter((name) => !ours.has(name));
}
