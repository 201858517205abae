import { lookIntoGcloud } from '../../config/gcloud-folder.ts';
import type { Finding, Patient, Verdict } from './check.ts';
import { linkLocal } from './link-local.ts';

const about = 'gcloud';

/** What a person's own gcloud folder holds that comes before a metadata server. */
export async function gcloud(patient: Patient): Promise<readonly Finding[]> {
  const { env, now } = patient;
  const found = await lookIntoGcloud(env, now);
  const used =
    (env['GCE_METADATA_HOST'] ?? '') !== '' ||
    linkLocal(patient).some(({ endpoints }) => endpoints.includes('gce-metadata'));
  const verdict: Verdict = used ? 'problem' : 'note';
  const findings: Finding[] = found.defaultCredentials.map((file) => ({
    about,
    verdict,
    found: `there is ${file}`,
    means:
      'Google’s libraries use it before any metadata server; valetkey exec hides it from those that heed CLOUDSDK_CONFIG, which Go, Ruby, PHP and C++ do not',
    mend: `mv ${quoted(file)} ${quoted(`${file}.aside`)}`,
  }));
  if (found.account !== undefined) {
    findings.push({
      about,
      verdict,
      found: `its account is ${found.account}`,
      means: 'gcloud, gsutil and bq use it before any metadata server; valetkey exec hides it',
      mend: 'gcloud config unset account',
    });
  }
  if (found.notOnGce !== undefined) {
    findings.push({
      about,
      verdict,
      found: `${found.notOnGce} says False`,
      means: 'gcloud found no metadata server some minutes ago, and looks again after ten',
      mend: `rm ${quoted(found.notOnGce)}`,
    });
  }
  return findings.length > 0
    ? findings
    : [{ about, verdict: 'ok', found: `nothing in ${found.path} wins over a metadata server` }];
}

function quoted(path: string): string {
  return /^[\w./~-]+$/.test(path) ? path : `'${path.replaceAll("'", String.raw`'\''`)}'`;
}
