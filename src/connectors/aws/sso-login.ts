import type { LoginFlow } from '../contract.ts';
import type { AwsCloud } from './cloud.ts';
import type { SsoSource } from './source.ts';
import { loginOfToken } from './sso-token.ts';

/** The device authorization grant: the person confirms a code in a browser. RFC 8628. */
export async function ssoLogin(
  { startUrl, region, scopes }: Pick<SsoSource, 'startUrl' | 'region' | 'scopes'>,
  cloud: Pick<AwsCloud, 'sso'>,
  signal: AbortSignal,
): Promise<LoginFlow> {
  const device = await cloud.sso.startDevice({ startUrl, region, scopes }, signal);
  const { url, userCode, expiresAt } = device;
  return {
    prompt: { kind: 'device', url, userCode, expiresAt },
    finish: async (_code, until) => loginOfToken(await device.poll(until)),
  };
}
