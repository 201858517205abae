import type { AzureRequest } from '../request.ts';
import type { World } from '../world.ts';

/** Names of Entra that a test bed may lead here by its hosts file. */
const MICROSOFT = new Set([
  'login.microsoftonline.com',
  'login.microsoft.com',
  'login.windows.net',
  'login.microsoftonline.us',
  'login.partner.microsoftonline.cn',
  'login.chinacloudapi.cn',
]);

/** The authority as the caller knows it: its URLs are built from the name it was asked by. */
export function authorityOf(world: World, request: AzureRequest): string {
  const host = request.headers.get('host') ?? '';
  return MICROSOFT.has(host) ? `https://${host}` : world.url();
}

/** Whether an origin names this authority. */
export function isAuthority(world: World, origin: string): boolean {
  return origin === world.url() || MICROSOFT.has(URL.parse(origin)?.host ?? '');
}
