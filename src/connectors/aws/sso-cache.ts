import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { z } from 'zod';

import { secret } from '../../core/secret.ts';
import { writeFileAtomically } from '../../files/atomic-write.ts';
import type { SsoToken } from './cloud.ts';
import { homeOf, type Env } from './shared-config.ts';
import { instantOf, type SsoSource } from './source.ts';

/*
 * The sign-ins that the CLI and the SDKs share: `~/.aws/sso/cache/<sha1>.json`.
 * https://docs.aws.amazon.com/sdkref/latest/guide/understanding-sso.html
 */

/** Others may add fields; they are kept. */
const CachedToken = z.looseObject({
  accessToken: z.string().min(1),
  expiresAt: z.string(),
  refreshToken: z.string().min(1).optional(),
  clientId: z.string().optional(),
  clientSecret: z.string().optional(),
  registrationExpiresAt: z.string().optional(),
});

/** Named after the sso-session, or in the older form after the start URL. */
function ssoCachePath(source: Pick<SsoSource, 'session' | 'startUrl'>, env: Env): string {
  const name = createHash('sha1')
    .update(source.session ?? source.startUrl)
    .digest('hex');
  return join(homeOf(env), '.aws', 'sso', 'cache', `${name}.json`);
}

/** `undefined` when there is none that can be understood: the person has to sign in either way. */
export async function readCachedToken(
  source: Pick<SsoSource, 'session' | 'startUrl'>,
  env: Env,
): Promise<SsoToken | undefined> {
  const cached = await readCache(ssoCachePath(source, env));
  if (cached === undefined) return undefined;
  return {
    accessToken: secret(cached.accessToken),
    refreshToken: cached.refreshToken === undefined ? undefined : secret(cached.refreshToken),
    clientId: cached.clientId ?? '',
    clientSecret: secret(cached.clientSecret ?? ''),
    clientSecretExpiresAt: utcOf(cached.registrationExpiresAt),
    expiresAt: utcOf(cached.expiresAt),
  };
}

/** As the CLI does after a refresh: the old refresh token is spent, and the CLI needs the new one. */
export async function writeCachedToken(
  source: Pick<SsoSource, 'session' | 'startUrl'>,
  token: SsoToken,
  env: Env,
): Promise<void> {
  const path = ssoCachePath(source, env);
  const before = await readCache(path);
  if (before === undefined) return;
  const after = {
    ...before,
    accessToken: token.accessToken.reveal(),
    expiresAt: new Date(token.expiresAt).toISOString().replace(/\.\d+Z$/, 'Z'),
    ...(token.refreshToken === undefined ? {} : { refreshToken: token.refreshToken.reveal() }),
  };
  await writeFileAtomically(path, JSON.stringify(after), { mode: 0o600 });
}

async function readCache(path: string): Promise<z.infer<typeof CachedToken> | undefined> {
  try {
    const parsed = CachedToken.safeParse(JSON.parse(await readFile(path, 'utf8')));
    return parsed.success ? parsed.data : undefined;
  } catch {
    return undefined;
  }
}

/** The older CLI wrote `2020-06-17T10:02:08UTC`. ms since the epoch; what cannot be read is past. */
function utcOf(text: string | undefined): number {
  return instantOf(text?.replace(/UTC$/, 'Z')) ?? 0;
}
