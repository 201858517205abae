import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { run, type Env, type Outcome } from '../beds/process.ts';

const s3Template = new URL('clients/terraform/', import.meta.url).pathname;
/** The same configuration with its state in Cloud Storage. */
export const gcsTemplate = new URL('clients/google/terraform/', import.meta.url).pathname;
/** And in a blob. */
export const azurermTemplate = new URL('clients/azure/terraform/', import.meta.url).pathname;

export interface Backend {
  readonly bucket: string;
  readonly key: string;
  readonly region: string;
  /** Where its credentials are to come from the instance metadata service. */
  readonly skip_metadata_api_check?: 'false';
}

export interface GcsBackend {
  readonly bucket: string;
  readonly prefix: string;
}

export interface AzurermBackend {
  readonly storage_account_name: string;
  readonly container_name: string;
  readonly key: string;
  readonly use_azuread_auth: 'true';
}

/**
 * `terraform init` and `apply` with the state in a bucket; credentials only from `env`. The
 * outcome is of the first step that failed, or of `terraform output`.
 */
export async function terraformApply(
  backend: Backend | GcsBackend | AzurermBackend,
  say: string,
  env: Env,
  inside: readonly string[] = [],
  template = s3Template,
): Promise<Outcome> {
  const dir = await mkdtemp(join(tmpdir(), 'vk-terraform-'));
  const full = {
    PATH: '/usr/local/bin:/usr/bin:/bin',
    HOME: dir,
    AWS_EC2_METADATA_DISABLED: 'true',
    CHECKPOINT_DISABLE: '1',
    TF_IN_AUTOMATION: '1',
    ...env,
  };
  const where = Object.entries(backend).map(
    ([name, value]) => `-backend-config=${name}=${String(value)}`,
  );
  const steps = [
    ['init', '-input=false', '-no-color', ...where],
    ['apply', '-input=false', '-no-color', '-auto-approve', `-var=say=${say}`],
    ['output', '-raw', 'said'],
  ];
  try {
    await cp(template, dir, { recursive: true });
    let last: Outcome = { status: 1, stdout: '', stderr: '' };
    for (const step of steps) {
      const [command = '', ...args] = [...inside, 'terraform', ...step];
      last = await run(command, args, { cwd: dir, env: full });
      if (last.status !== 0) break;
    }
    return last;
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}
