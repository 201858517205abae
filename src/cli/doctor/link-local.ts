import { isIP } from 'node:net';

import { ValetkeyError } from '../../core/errors.ts';
import type { Patient } from './check.ts';

/** A configured listener at an address of a cloud's own. */
export interface LinkLocal {
  readonly address: string;
  /** By kind. */
  readonly endpoints: readonly string[];
}

/** Where clients ask that are told nothing. */
export function linkLocal({ config, endpoints }: Patient): readonly LinkLocal[] {
  if (config instanceof ValetkeyError) return [];
  return config.listeners.flatMap((listener) => {
    const address = /^(?:\[(.+)\]|([^:[\]]+)):\d+$/.exec(listener.address);
    const host = address?.[1] ?? address?.[2] ?? '';
    if (!/^(169\.254\.|fd00:ec2:)/.test(host) || isIP(host) === 0) return [];
    const own = endpoints.filter((one) => one.address === host || one.hosts.includes(`[${host}]`));
    return [{ address: host, endpoints: listener.endpoints ?? own.map(({ kind }) => kind) }];
  });
}

/** Is this shell led to an endpoint by variables, and to which places? */
export function ledTo({ env }: Patient): readonly string[] {
  const urls = [
    env['AWS_CONTAINER_CREDENTIALS_FULL_URI'],
    env['AWS_EC2_METADATA_SERVICE_ENDPOINT'],
    env['IDENTITY_ENDPOINT'],
    env['AZURE_POD_IDENTITY_AUTHORITY_HOST'],
    env['ARM_MSI_ENDPOINT'],
    env['MSI_ENDPOINT'],
    ...[env['GCE_METADATA_HOST'], env['GCE_METADATA_ROOT'], env['GCE_METADATA_IP']].map((host) =>
      host === undefined || host === '' ? undefined : `http://${host}`,
    ),
  ];
  const hosts = urls.flatMap((url) => URL.parse(url ?? '')?.hostname ?? []);
  return [...new Set(hosts)];
}
