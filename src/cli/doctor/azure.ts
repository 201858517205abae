import { lookIntoAzure } from '../../config/azure-folder.ts';
import { ValetkeyError } from '../../core/errors.ts';
import type { Finding, Patient } from './check.ts';
import { linkLocal } from './link-local.ts';

/** az's own login, which it uses in the place of any endpoint, and the region that clients ask for. */
export async function azure(patient: Patient): Promise<readonly Finding[]> {
  return [await login(patient), ...regions(patient)];
}

async function login(patient: Patient): Promise<Finding> {
  const { env } = patient;
  const about = 'az';
  const { login: who, path } = await lookIntoAzure(env);
  if (who === undefined) return { about, verdict: 'ok', found: `no person’s login in ${path}` };
  const led = env['IDENTITY_ENDPOINT'] ?? env['AZURE_POD_IDENTITY_AUTHORITY_HOST'] ?? '';
  const used =
    led !== '' || linkLocal(patient).some(({ endpoints }) => endpoints.includes('azure-imds'));
  return {
    about,
    verdict: used ? 'problem' : 'note',
    found: `${who} is logged in, in ${path}`,
    means:
      'az uses its own login and no endpoint; libraries ask an endpoint first. valetkey exec gives az another folder, where az login --identity logs in as the granted identity',
    mend: 'az logout',
  };
}

/** Only where a listener is Azure's by its configuration: at a cloud's own address every protocol is served. */
function regions({ config }: Patient): readonly Finding[] {
  if (config instanceof ValetkeyError) return [];
  const served = new Set(
    config.listeners
      .filter(({ endpoints }) => endpoints?.includes('azure-imds') === true)
      .map(({ address }) => address),
  );
  return Object.entries(config.workloads).flatMap(([name, workload]): readonly Finding[] => {
    const { clients = [], azure: told } = workload ?? {};
    const asked = clients.some((rule) => 'listener' in rule && served.has(rule.listener));
    if (!asked || told?.location !== undefined) return [];
    return [
      {
        about: `workload ${name}`,
        verdict: 'note',
        found: 'it is told no region of Azure’s',
        means:
          'clients that look for the region of their machine find none, and use global services',
        mend: `azure: { location: westeurope } for workload ${name} in config.yaml`,
      },
    ];
  });
}
