import { winningAwsFiles } from '../../config/aws-files.ts';
import type { Finding, Patient } from './check.ts';
import { linkLocal } from './link-local.ts';

/** A person's own `[default]` profile, which every SDK of AWS uses before an endpoint. */
export async function awsFiles(patient: Patient): Promise<readonly Finding[]> {
  const { env } = patient;
  const used =
    (env['AWS_CONTAINER_CREDENTIALS_FULL_URI'] ??
      env['AWS_EC2_METADATA_SERVICE_ENDPOINT'] ??
      '') !== '' || linkLocal(patient).some(({ endpoints }) => endpoints.includes('imds'));
  return (await winningAwsFiles(env)).map(({ path }): Finding => ({
    about: 'AWS files',
    verdict: used ? 'problem' : 'note',
    found: `${path} has a [default] profile with credentials`,
    means: 'AWS’s programs use it before any endpoint; valetkey exec and env hide it',
    mend: `give the profile another name in ${path}`,
  }));
}
