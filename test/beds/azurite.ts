import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { connect } from 'node:tls';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { freePort, must, startProcess, until, type BedProcess } from './process.ts';

/** The account that Azurite is born with. */
const AZURITE_ACCOUNT = 'devstoreaccount1';

/** Microsoft's blob emulator behind TLS: it judges bearer tokens, but not who signed them. */
export interface Azurite extends BedProcess {
  /** `https://127.0.0.1:PORT/devstoreaccount1`: base of the account's blobs. */
  readonly url: string;
  /** Its certificate or that of its authority, PEM: whoever asks it must trust this. */
  readonly cert: string;
  /** The same in a file, for `NODE_EXTRA_CA_CERTS` and its like. */
  readonly certFile: string;
}

const require = createRequire(import.meta.url);
const env = { PATH: '/usr/bin:/bin' };

/** What a server of tests is called. */
const NAMES = `IP:127.0.0.1,DNS:localhost,DNS:*.localhost,DNS:${AZURITE_ACCOUNT}.blob.core.windows.net`;

export interface AzuriteOptions {
  /** Default 127.0.0.1. */
  readonly host?: string;
  /** Default: a free one. */
  readonly port?: number;
  /** Default: a certificate that signs itself. */
  readonly tls?: { readonly keyFile: string; readonly certFile: string; readonly caFile: string };
}

/** A certificate for servers on this machine, that signs itself; two days at most. */
export async function selfSigned(
  dir: string,
  names: string = NAMES,
): Promise<{ readonly keyFile: string; readonly certFile: string }> {
  const [keyFile, certFile] = [join(dir, 'server.key'), join(dir, 'server.pem')];
  await must(
    'openssl',
    [
      'req',
      '-x509',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:prime256v1',
      '-nodes',
      '-days',
      '2',
      '-subj',
      '/CN=valetkey test',
      '-addext',
      `subjectAltName=${names}`,
      '-keyout',
      keyFile,
      '-out',
      certFile,
    ],
    { env },
  );
  return { keyFile, certFile };
}

/** Needs no network and keeps nothing: its folder is gone when it stops. */
export async function startAzurite({
  host = '127.0.0.1',
  port,
  tls,
}: AzuriteOptions = {}): Promise<Azurite> {
  const dir = await mkdtemp(join(tmpdir(), 'vk-azurite-'));
  const own = tls ?? (await selfSigned(dir));
  const { keyFile } = own;
  const trusted = tls?.caFile ?? own.certFile;
  const at = port ?? (await freePort());
  const script = require.resolve('azurite/dist/src/blob/main.js');
  const server = startProcess(
    process.execPath,
    [
      script,
      '--blobHost',
      host,
      '--blobPort',
      String(at),
      '--oauth',
      'basic',
      '--cert',
      own.certFile,
      '--key',
      keyFile,
      '--skipApiVersionCheck',
      '--inMemoryPersistence',
      '--disableTelemetry',
      '--silent',
    ],
    { env: { ...env, HOME: dir }, log: join(dir, 'log') },
  );
  const stop = async (): Promise<void> => {
    await server.stop();
    await rm(dir, { recursive: true, force: true });
  };
  try {
    const cert = await readFile(trusted, 'utf8');
    await until('Azurite', () => answers(host, at, cert), { alive: [server] });
    const url = `https://${host}:${at}/${AZURITE_ACCOUNT}`;
    return { ...server, url, cert, certFile: trusted, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

function answers(host: string, port: number, ca: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, ca });
    socket.once('error', reject).once('secureConnect', () => {
      socket.destroy();
      resolve(true);
    });
  });
}
