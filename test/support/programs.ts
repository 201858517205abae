import { existsSync } from 'node:fs';

/**
 * May a test that drives this program be left out? Only where it is missing on a person's machine:
 * CI, which installs them all, says so with VALETKEY_ALL_PROGRAMS and then fails instead.
 */
export function mayBeMissing(program: string): boolean {
  if (process.env['VALETKEY_ALL_PROGRAMS'] === '1') return false;
  const folders = (process.env['PATH'] ?? '').split(':');
  return !folders.some((folder) => existsSync(`${folder}/${program}`));
}
