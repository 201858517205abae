import { openAzure, type TestAzure } from '../support/azure.ts';
import { startAzurite } from './azurite.ts';
import { throwAwayTls } from './google-tls.ts';
import { startNamespace, type Namespace } from './netns.ts';
import { stopAll, type Env } from './process.ts';

/** Azure's hosts, as clients and daemon know them. */
const HOSTS = [
  'login.microsoftonline.com',
  'management.azure.com',
  'acmedata.blob.core.windows.net',
  'acmelake.blob.core.windows.net',
];

/** The account that the emulator is born with: Terraform builds this name by itself. */
const AZURITE_HOST = 'devstoreaccount1.blob.core.windows.net';
const AZURITE_ADDRESS = '127.0.0.2';

/** Base of the account's blobs under its public name: the strict stand-in judges the token there. */
export const ACME = 'https://acmedata.blob.core.windows.net';

export interface AzureBed extends Omit<TestAzure, 'clock' | 'env'> {
  /** Where 127.0.0.1:443 is that Azure. Clients and daemon run inside. */
  readonly namespace: Namespace;
  /** Makes a process trust it. */
  readonly trust: Env;
  /** Microsoft's own emulator, another judge of tokens: base of its account's blobs. */
  readonly azurite: string;
  stop(): Promise<void>;
}

/**
 * A network in which Azure's public hosts are the strict stand-in, by TLS, under their own names:
 * nobody who runs in it has to be told another endpoint. It runs in this process, which can look
 * into it; only its port is inside. Needs root.
 */
export async function startAzure(): Promise<AzureBed> {
  const stops: (() => Promise<unknown>)[] = [];
  try {
    const tls = await throwAwayTls([...HOSTS, AZURITE_HOST, '127.0.0.1']);
    stops.push(() => tls.remove());
    const { key, cert } = tls;
    const world = await openAzure({ systemTime: true, tls: { key, cert } });
    stops.push(() => world.azure.stop());
    const azurite = await startAzurite({ tls });
    stops.push(() => azurite.stop());
    const namespace = await startNamespace({
      ...Object.fromEntries(HOSTS.map((name) => [name, '127.0.0.1'])),
      [AZURITE_HOST]: AZURITE_ADDRESS,
    });
    stops.push(() => namespace.stop());
    await namespace.reach(Number(new URL(world.azure.url).port), 443);
    const { port } = new URL(azurite.url);
    await namespace.reach(Number(port));
    await namespace.reach(Number(port), `${AZURITE_ADDRESS}:443`);
    return {
      ...world,
      namespace,
      trust: tls.trust,
      azurite: azurite.url,
      stop: () => stopAll(stops),
    };
  } catch (error) {
    await stopAll(stops);
    throw error;
  }
}
