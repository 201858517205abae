import type { Finding, Patient } from './check.ts';
import { ledTo, linkLocal } from './link-local.ts';

/** Metadata servers are asked over plain HTTP: which variables send that to a proxy? */
const PROXIES = ['HTTP_PROXY', 'http_proxy', 'ALL_PROXY', 'all_proxy'];
const NAME = 'metadata.google.internal';

/** A proxy would be asked for this machine's own addresses, and would know nobody there. */
export function proxies(patient: Patient): readonly Finding[] {
  const { env } = patient;
  const about = 'proxy';
  const [proxy] = PROXIES.filter((name) => (env[name] ?? '') !== '');
  if (proxy === undefined) return [];
  const swallowed = asked(patient).filter((host) => !isExempt(host, patient));
  if (swallowed.length === 0) {
    return [{ about, verdict: 'ok', found: `${proxy} is set, and not for metadata servers` }];
  }
  const all = [env['NO_PROXY'] ?? env['no_proxy'] ?? '', ...swallowed].filter(Boolean).join(',');
  return [
    {
      about,
      verdict: 'problem',
      found: `${proxy} is set, and NO_PROXY does not name ${swallowed.join(', ')}`,
      means: 'some clients (Python, Node, Ruby, curl) ask the proxy for credentials',
      mend: `export NO_PROXY=${all} no_proxy=${all}`,
    },
  ];
}

/** `exec` and `env` set the exceptions that they need, so only what is asked already counts. */
function asked(patient: Patient): readonly string[] {
  const unasked = linkLocal(patient);
  const google = unasked.some(({ endpoints }) => endpoints.includes('gce-metadata'));
  return [
    ...new Set([
      ...ledTo(patient),
      ...unasked.map(({ address }) => address),
      ...(google ? [NAME] : []),
    ]),
  ];
}

/** By both spellings: Python and curl read the small one, Go and others the large one. */
function isExempt(host: string, { env }: Patient): boolean {
  const lists = ['NO_PROXY', 'no_proxy'].map((name) => env[name]).filter(Boolean);
  return (
    lists.length > 0 &&
    lists.every((list) =>
      (list ?? '')
        .split(',')
        .map((one) => one.trim().replace(/^\*?\./, ''))
        .some((one) => one === '*' || (one !== '' && (host === one || host.endsWith(`.${one}`)))),
    )
  );
}
