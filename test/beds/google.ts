import type { JSONWebKeySet } from 'jose';

import { startGoogleStandIn, type GoogleStandIn } from '../../src/stand-ins/google/server.ts';
import { throwAwayTls } from './google-tls.ts';
import { startNamespace, type Namespace } from './netns.ts';
import { must, stopAll, type Env } from './process.ts';

/** Google's hosts, as clients and daemon know them. */
const HOSTS = ['oauth2', 'sts', 'iamcredentials', 'storage', 'www'].map(
  (name) => `${name}.googleapis.com`,
);

/** Some clients ask for the name with its closing dot, which glibc finds only if it is written so. */
const METADATA_NAMES = ['metadata.google.internal', 'metadata.google.internal.', 'metadata'];

const METADATA_ADDRESS = '169.254.169.254';

export interface GoogleBed {
  readonly google: GoogleStandIn;
  /** Where 127.0.0.1:443 is that Google. Clients and daemon run inside. */
  readonly namespace: Namespace;
  /** Makes a process trust it. */
  readonly trust: Env;
  /** What proves an identity token to whoever receives it. */
  identityKeys(): Promise<JSONWebKeySet>;
  stop(): Promise<void>;
}

export interface GoogleBedOptions {
  /** Does `metadata.google.internal` exist, as on a machine of Google's? */
  readonly metadataNames?: boolean;
}

/**
 * A network in which Google's public hosts are the strict stand-in, by TLS, under their own names:
 * nobody who runs in it has to be told another endpoint. It runs in this process, which
 * can look into it; only its port is inside. Needs root.
 */
export async function startGoogle(options: GoogleBedOptions = {}): Promise<GoogleBed> {
  const stops: (() => Promise<unknown>)[] = [];
  try {
    const tls = await throwAwayTls(HOSTS);
    stops.push(() => tls.remove());
    const google = await startGoogleStandIn({ tls: { key: tls.key, cert: tls.cert } });
    stops.push(() => google.stop());
    const names = options.metadataNames === true ? METADATA_NAMES : [];
    const namespace = await startNamespace({
      ...Object.fromEntries(HOSTS.map((name) => [name, '127.0.0.1'])),
      ...Object.fromEntries(names.map((name) => [name, METADATA_ADDRESS])),
    });
    stops.push(() => namespace.stop());
    await namespace.reach(Number(new URL(google.url).port), 443);
    return {
      google,
      namespace,
      trust: tls.trust,
      identityKeys: () => identityKeys(namespace, tls.trust),
      stop: () => stopAll(stops),
    };
  } catch (error) {
    await stopAll(stops);
    throw error;
  }
}

async function identityKeys({ inside }: Namespace, trust: Env): Promise<JSONWebKeySet> {
  const [first, ...rest] = [...inside, 'curl', '-sS', '--fail', '--max-time', '10'];
  const env = { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', ...trust };
  const text = await must(first, [...rest, 'https://www.googleapis.com/oauth2/v3/certs'], { env });
  return JSON.parse(text) as JSONWebKeySet;
}
