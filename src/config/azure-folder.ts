import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';

/*
 * What az keeps in a person's own folder. It knows no other credentials than those of its own login.
 */

type Environment = Readonly<Record<string, string | undefined>>;

export interface AzureFolder {
  /** As az finds it: https://learn.microsoft.com/cli/azure/azure-cli-configuration */
  readonly path: string;
  /** Who is logged in, as az shows it; absent where nobody is, or the machine's managed identity. */
  readonly login: string | undefined;
  /** az was logged in as the machine's managed identity: it asks an endpoint, which may be ours. */
  readonly managed: boolean;
  /** Extensions, which az finds here and not where it is told to keep its login. */
  readonly extensions: string | undefined;
}

/** az's own names for a managed identity, in the place of a user's. */
const MANAGED = new Set(['systemAssignedIdentity', 'userAssignedIdentity']);

/** Looks, and changes nothing. What cannot be read is taken for absent. */
export async function lookIntoAzure(env: Environment): Promise<AzureFolder> {
  const path = env['AZURE_CONFIG_DIR'] || join(env['HOME'] || env['USERPROFILE'] || '', '.azure');
  const text = await readFile(join(path, 'azureProfile.json'), 'utf8').catch(() => '');
  const users = usersOf(text);
  const extensions = join(path, 'cliextensions');
  const there = await stat(extensions).catch(() => undefined);
  return {
    path,
    login: users.find((name) => !MANAGED.has(name)),
    managed: users.some((name) => MANAGED.has(name)),
    extensions: there?.isDirectory() === true ? extensions : undefined,
  };
}

/** The users of its subscriptions, that of the default one first. az writes the file with a byte order mark. */
function usersOf(text: string): readonly string[] {
  const subscriptions = listIn(parsed(text.replace(/^\uFEFF/, '')), 'subscriptions');
  const first = subscriptions.filter((one) => fieldOf(one, 'isDefault') === true);
  return [...first, ...subscriptions].flatMap((one) => {
    const name = fieldOf(fieldOf(one, 'user'), 'name');
    return typeof name === 'string' ? name : [];
  });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function fieldOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
}

function listIn(value: unknown, name: string): readonly unknown[] {
  const found = fieldOf(value, name);
  return Array.isArray(found) ? found : [];
}
