import { ValetkeyError, toValetkeyError } from '../../core/errors.ts';
import { secret, type Secret } from '../../core/secret.ts';
import { readRegularBytes } from '../../files/regular-file.ts';
import type { Machine } from '../contract.ts';
import { readIdentityToken } from '../outbound/identity-token.ts';
import { azureCliToken } from './azure-cli.ts';
import { checkValidAt, openCertificate, pemOf } from './certificate.ts';
import type { AzureCloud, AzurePlace, EntraApp, EntraAsk, EntraToken } from './cloud.ts';
import { audienceOf } from './environments.ts';
import { namesManagedIdentity } from './identity-source.ts';
import { CA_VARIABLES } from './transport.ts';

const CERTIFICATE_MAX_BYTES = 65_536;

export interface Surroundings {
  readonly cloud: Pick<AzureCloud, 'entra'>;
  readonly machine: Machine;
  readonly place: AzurePlace;
  readonly signal: AbortSignal;
}

/**
 * A token of the daemon's own identity, in the order of Microsoft's libraries: a service principal of the
 * machine's variables, a workload identity, a managed identity, the Azure CLI's login. What is named by
 * variables is meant: when it fails nothing else is tried.
 * https://learn.microsoft.com/dotnet/api/azure.identity.environmentcredential
 */
export async function ambientToken(ask: EntraAsk, around: Surroundings): Promise<EntraToken> {
  const { cloud, machine, place, signal } = around;
  const { env } = machine;
  const app = appIn(env);
  const clientSecret = textIn(env, 'AZURE_CLIENT_SECRET');
  if (app !== undefined && clientSecret !== undefined) {
    const known = { ...app, secret: secret(clientSecret) };
    return await cloud.entra.clientSecret(known, ask, place, signal);
  }
  const certificate = textIn(env, 'AZURE_CLIENT_CERTIFICATE_PATH');
  if (app !== undefined && certificate !== undefined) {
    const known = { ...app, certificate: await certificateIn(certificate, machine, signal) };
    return await cloud.entra.clientCertificate(known, ask, place, signal);
  }
  const tokenFile = textIn(env, 'AZURE_FEDERATED_TOKEN_FILE');
  if (app !== undefined && tokenFile !== undefined) {
    const source = { stored: {}, machine, caVariables: CA_VARIABLES, signal };
    const assertion = await readIdentityToken({ token_file: tokenFile }, source);
    return await cloud.entra.clientAssertion({ ...app, assertion }, ask, place, signal);
  }
  return await ofMachineOrPerson(ask, around);
}

async function ofMachineOrPerson(
  ask: EntraAsk,
  { cloud, machine, signal }: Surroundings,
): Promise<EntraToken> {
  const audience = audienceOf(ask.scope);
  // The identity of a virtual machine may be chosen by a variable.
  const clientId = textIn(machine.env, 'AZURE_CLIENT_ID');
  try {
    const selector = clientId === undefined ? {} : { clientId };
    return await cloud.entra.managedIdentity(selector, audience, signal);
  } catch (error) {
    signal.throwIfAborted();
    const { code } = toValetkeyError(error);
    if (namesManagedIdentity(machine.env) || code !== 'UPSTREAM_UNAVAILABLE') throw error;
    // Nobody is there to ask: this machine is not in Azure.
    return await azureCliToken(audience, machine, signal);
  }
}

function appIn(env: Machine['env']): EntraApp | undefined {
  const tenantId = textIn(env, 'AZURE_TENANT_ID');
  const clientId = textIn(env, 'AZURE_CLIENT_ID');
  return tenantId === undefined || clientId === undefined ? undefined : { tenantId, clientId };
}

async function certificateIn(path: string, { env, clock }: Machine, signal: AbortSignal) {
  const password = textIn(env, 'AZURE_CLIENT_CERTIFICATE_PASSWORD');
  const opened = openCertificate(
    await certificateFile(path, signal),
    password === undefined ? undefined : secret(password),
  );
  checkValidAt(opened, clock.now());
  const chain = textIn(env, 'AZURE_CLIENT_SEND_CERTIFICATE_CHAIN')?.toLowerCase();
  return { pem: pemOf(opened), sendChain: chain === 'true' || chain === '1' };
}

/** PFX files are no text: as base64 they are what a connector's attribute would be. */
export async function certificateFile(path: string, signal: AbortSignal): Promise<Secret> {
  try {
    const bytes = await readRegularBytes(path, CERTIFICATE_MAX_BYTES, signal);
    return secret(bytes.toString(bytes.includes('-----BEGIN') ? 'utf8' : 'base64'));
  } catch (cause) {
    signal.throwIfAborted();
    throw new ValetkeyError('SECRET_MISSING', {
      subject: 'AZURE_CLIENT_CERTIFICATE_PATH',
      reason: 'the file cannot be read',
      cause,
    });
  }
}

function textIn(env: Machine['env'], name: string): string | undefined {
  const text = env[name];
  return text === '' ? undefined : text;
}
