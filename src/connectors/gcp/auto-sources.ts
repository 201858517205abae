import { ValetkeyError } from '../../core/errors.ts';
import type { AutoConfigureInput } from '../contract.ts';
import { askMetadata } from '../outbound/metadata-http.ts';
import type { GcpCloud } from './cloud.ts';
import { defaultCredentials, readCredentialFile, type CredentialFile } from './credential-file.ts';
import { typeIn } from './external-account.ts';
import type { GcloudConfiguration } from './gcloud-configuration.ts';
import { nonEmpty, shownPath } from './gcloud-folder.ts';
import { gcloudLogin } from './gcloud-login.ts';
import { textOf } from './metadata-answers.ts';
import { metadataBase } from './metadata-source.ts';
import { GOOGLE_UNIVERSE } from './place.ts';

type Input = AutoConfigureInput<GcpCloud>;

/** An identity that was found on the machine. */
export type Source =
  | {
      readonly kind: 'file';
      readonly file: CredentialFile;
      /** Of the file's content: `service_account`, `authorized_user`, … */
      readonly type: string;
      readonly origin: string;
      /** What gcloud knows of it, where it is gcloud's own. */
      readonly gcloud?: GcloudConfiguration | undefined;
    }
  | {
      readonly kind: 'machine';
      readonly email: string | undefined;
      readonly project: string | undefined;
      readonly origin: string;
    };

/**
 * What Google's libraries and gcloud would use here, best first: a file that is named, the default
 * credentials, gcloud's own account, the machine's. What was looked at in vain is added to `seen`.
 */
export async function* sources(
  input: Input,
  gcloud: GcloudConfiguration,
  seen: string[],
): AsyncGenerator<Source> {
  // One after the other: what comes later is not asked when it is not wanted.
  for (const look of [adc, gcloudAccount, attached]) {
    const source = await look(input, seen, gcloud);
    if (source !== undefined) yield source;
  }
}

async function adc(
  { machine: { env }, signal }: Input,
  seen: string[],
): Promise<Source | undefined> {
  const variable = 'GOOGLE_APPLICATION_CREDENTIALS';
  const named = nonEmpty(env[variable]) !== undefined;
  const file = await defaultCredentials(env, signal);
  if (file !== undefined) {
    return fileSource(file, named ? `${variable}, ${file.shown}` : file.shown);
  }
  seen.push(`${variable} (not set)`, 'the default credentials (none)');
  return undefined;
}

async function gcloudAccount(
  { machine: { env }, signal }: Input,
  seen: string[],
  gcloud: GcloudConfiguration,
): Promise<Source | undefined> {
  const { account, credentialFile, universeDomain = GOOGLE_UNIVERSE } = gcloud;
  const name = `gcloud’s configuration ‘${gcloud.name}’`;
  const who = credentialFile === undefined ? account : shownPath(credentialFile, env);
  if (who === undefined) {
    seen.push(`${name} (no account)`);
    return undefined;
  }
  const file =
    credentialFile === undefined
      ? await gcloudLogin(who, universeDomain, env, signal)
      : await readCredentialFile(credentialFile, env, signal);
  const source = file && fileSource(file, `${name}, ${who}`, gcloud);
  // gcloud keeps a mark there for the machine's own account.
  if (source !== undefined && source.type !== 'gce') return source;
  seen.push(`${name} (nothing stored for ${who})`);
  return undefined;
}

function fileSource(
  file: CredentialFile,
  origin: string,
  gcloud?: GcloudConfiguration,
): Extract<Source, { kind: 'file' }> {
  return { kind: 'file', file, type: typeIn(file.json, file.shown), origin, gcloud };
}

/** A metadata server that does not answer, or is a daemon like this one, is none. */
async function attached({ machine, signal }: Input, seen: string[]): Promise<Source | undefined> {
  const origin = 'the machine’s metadata server';
  try {
    const base = await metadataBase(machine, signal);
    if (base !== undefined) {
      const email = nonEmpty(base.principal);
      return { kind: 'machine', email, project: await projectOfMachine(machine, signal), origin };
    }
    seen.push(`${origin} (switched off)`);
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof ValetkeyError)) throw error;
    seen.push(`${origin} (${error.reason ?? 'it does not answer'})`);
  }
  return undefined;
}

const TIMEOUT_MS = 3_000;

async function projectOfMachine(
  { env, clock }: Input['machine'],
  signal: AbortSignal,
): Promise<string | undefined> {
  const host = nonEmpty(env['GCE_METADATA_HOST']) ?? nonEmpty(env['GCE_METADATA_ROOT']);
  const answer = await askMetadata({
    url: `http://${host ?? '169.254.169.254'}/computeMetadata/v1/project/project-id`,
    headers: { 'Metadata-Flavor': 'Google' },
    timeout: TIMEOUT_MS,
    clock,
    signal,
  });
  return nonEmpty(textOf(answer).trim());
}
