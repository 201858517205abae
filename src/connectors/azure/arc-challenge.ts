import { posix, win32 } from 'node:path';

import { ValetkeyError } from '../../core/errors.ts';
import { readRegularFile } from '../../files/regular-file.ts';
import type { Machine } from '../contract.ts';

/** Of the Azure Connected Machine agent; other places are refused by Microsoft's libraries too. */
export const ARC_TOKENS = '/var/opt/azcmagent/tokens';
const KEY_MAX_BYTES = 4_096;

/**
 * What answers the challenge of Azure Arc's agent: the content of a file that only those may read who
 * may have the machine's identity. `header`: `Basic realm=<path>`. Whoever answers at the endpoint names
 * the file, so nothing else than a key of the agent's is read. Throws `UPSTREAM_MALFORMED` and `UPSTREAM_DENIED`.
 * https://learn.microsoft.com/azure/azure-arc/servers/managed-identity-authentication
 */
export async function answerChallenge(
  header: string | undefined,
  directory: string,
  signal: AbortSignal,
): Promise<string> {
  const path = /^Basic realm="?([^="]+)"?$/i.exec(header ?? '')?.[1];
  if (path === undefined || !isKeyIn(directory, path)) {
    throw new ValetkeyError('UPSTREAM_MALFORMED', {
      reason: 'the challenge names no key file of the Arc agent’s',
    });
  }
  try {
    // As it is: a line end would be a part of it.
    return `Basic ${await readRegularFile(path, KEY_MAX_BYTES, signal)}`;
  } catch (cause) {
    signal.throwIfAborted();
    throw new ValetkeyError('UPSTREAM_DENIED', {
      reason: 'the key file of the Arc agent cannot be read',
      hint: 'let the daemon’s user be a member of the group himds',
      cause,
    });
  }
}

/** Where this machine's agent keeps its keys. */
export function arcTokens(env: Machine['env'], platform: NodeJS.Platform): string {
  if (platform !== 'win32') return ARC_TOKENS;
  return win32.join(
    env['ProgramData'] ?? 'C:\\ProgramData',
    'AzureConnectedMachineAgent',
    'Tokens',
  );
}

function isKeyIn(directory: string, path: string): boolean {
  const { normalize, dirname } = directory.startsWith('/') ? posix : win32;
  return path.endsWith('.key') && normalize(path) === path && dirname(path) === directory;
}
