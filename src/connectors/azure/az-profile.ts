import { userInfo } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';

import { ValetkeyError } from '../../core/errors.ts';
import { readRegularFile } from '../../files/regular-file.ts';
import type { Machine } from '../contract.ts';
import type { AzureEnvironment } from './cloud.ts';

/** What the Azure CLI is logged in as: its default subscription, without any token. */
export interface AzLogin {
  /** A person's name (UPN), or an application's client id. */
  readonly name: string;
  readonly person: boolean;
  /** Whom az itself asks a managed-identity endpoint for: then its login is no source of its own. */
  readonly ofMachine: boolean;
  readonly tenantId: string;
  /** Absent for a login that sees no subscription. */
  readonly subscriptionId: string | undefined;
  readonly environment: AzureEnvironment;
  /** For people: `~/.azure/azureProfile.json`. */
  readonly shown: string;
}

/** A login of many directories has thousands of subscriptions. */
const MAX_BYTES = 8 * 1024 * 1024;

const Profile = z.object({
  subscriptions: z
    .array(
      z.object({
        id: z.guid(),
        tenantId: z.guid(),
        isDefault: z.boolean().default(false),
        environmentName: z.string().default('AzureCloud'),
        user: z.object({ name: z.string().min(1), type: z.string() }),
      }),
    )
    .default([]),
});

const ENVIRONMENTS = new Map<string, AzureEnvironment>([
  ['AzureCloud', 'public'],
  ['AzureUSGovernment', 'us-government'],
  ['AzureChinaCloud', 'china'],
]);

/**
 * The login of the Azure CLI; `undefined` when it has none. Throws `CONFIG_UNREADABLE` and
 * `CONFIG_INVALID` naming its file. https://learn.microsoft.com/cli/azure/azure-cli-configuration
 */
export async function azLogin(
  env: Machine['env'],
  signal: AbortSignal,
): Promise<AzLogin | undefined> {
  const home = env['HOME'] || env['USERPROFILE'] || userInfo().homedir;
  const folder = env['AZURE_CONFIG_DIR'] || join(home, '.azure');
  const path = join(folder, 'azureProfile.json');
  const shown = path.startsWith(`${home}/`) ? `~${path.slice(home.length)}` : path;
  const text = await textOf(path, shown, signal);
  if (text === undefined) return undefined;
  const profile = Profile.safeParse(json(text)).data;
  if (profile === undefined) throw broken(shown, 'this is no profile of the Azure CLI');
  const { subscriptions } = profile;
  const chosen = subscriptions.find(({ isDefault }) => isDefault) ?? subscriptions[0];
  if (chosen === undefined) return undefined;
  const { id, tenantId, user, environmentName } = chosen;
  const environment = ENVIRONMENTS.get(environmentName);
  if (environment === undefined) {
    throw broken(shown, 'its login is in a cloud that is none of Microsoft’s public ones');
  }
  return {
    name: user.name,
    person: user.type === 'user',
    ofMachine: /^(?:system|user)AssignedIdentity$/.test(user.name),
    tenantId: tenantId.toLowerCase(),
    // So az writes a login without subscriptions.
    subscriptionId: id === tenantId ? undefined : id.toLowerCase(),
    environment,
    shown,
  };
}

async function textOf(
  path: string,
  shown: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  try {
    return await readRegularFile(path, MAX_BYTES, signal);
  } catch (cause) {
    signal.throwIfAborted();
    const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw new ValetkeyError('CONFIG_UNREADABLE', {
      subject: shown,
      hint: 'check what the file is, who owns it and its mode',
      cause,
    });
  }
}

/** az begins it with a byte order mark. */
function json(text: string): unknown {
  try {
    return JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch {
    return undefined;
  }
}

function broken(shown: string, reason: string): ValetkeyError {
  return new ValetkeyError('CONFIG_INVALID', {
    subject: shown,
    reason,
    hint: 'log in again with: az login',
  });
}
