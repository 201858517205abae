import type { Finding, Patient } from './check.ts';
import { linkLocal } from './link-local.ts';

const ADDRESS = '169.254.169.254';
const NAME = 'metadata.google.internal';
/** With the dot: glibc finds it in no line without one. Asked for by Node 9 and C++. */
const NAMES = [NAME, `${NAME}.`];

/** Google's clients that are told nothing ask by name too: does it lead to the listener? */
export function hosts(patient: Patient): readonly Finding[] {
  const served = linkLocal(patient).some(
    ({ address, endpoints }) => address === ADDRESS && endpoints.includes('gce-metadata'),
  );
  if (!served) return [];
  const { path, text } = patient.hosts;
  const about = 'hosts';
  const mend = `echo '${ADDRESS} ${NAMES.join(' ')} metadata' | sudo tee -a ${path}`;
  if (text === undefined) {
    return [{ about, verdict: 'problem', found: `${path} cannot be read`, means: UNFOUND, mend }];
  }
  const entries = entriesOf(text);
  const elsewhere = NAMES.map((name) => [name, entries.get(name)] as const).find(
    ([, address]) => address !== undefined && address !== ADDRESS,
  );
  if (elsewhere !== undefined) {
    const [name, address] = elsewhere;
    return [
      {
        about,
        verdict: 'problem',
        found: `${path}: ${name} is ${address}`,
        means: `clients that ask by name do not come to ${ADDRESS}`,
        mend: `take that line out of ${path}, then: ${mend}`,
      },
    ];
  }
  const missing = NAMES.filter((name) => !entries.has(name));
  if (missing.length === 0) {
    return [{ about, verdict: 'ok', found: `${path}: ${NAMES.join(' and ')} lead to ${ADDRESS}` }];
  }
  const means = missing.includes(NAME)
    ? UNFOUND
    : 'older clients for Node, C++ and gRPC ask for the name with the dot, and find nobody';
  return [
    { about, verdict: 'problem', found: `${path} has no ${missing.join(' and no ')}`, means, mend },
  ];
}

const UNFOUND = 'gcloud and clients for Python, Java and Rust ask by name, and find nobody';

/** hosts(5): the first line with a name counts. Names as they stand, a dot at the end included. */
function entriesOf(text: string): ReadonlyMap<string, string> {
  const entries = new Map<string, string>();
  for (const line of text.split('\n')) {
    const [address, ...names] = line.replace(/#.*/, '').trim().split(/\s+/);
    for (const name of names) {
      const key = name.toLowerCase();
      if (address !== undefined && !entries.has(key)) entries.set(key, address);
    }
  }
  return entries;
}
