import { randomUUID } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { freePort, must, startProcess, stopAll, until, type BedProcess } from './process.ts';

const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
const env = { PATH, LANG: 'C.UTF-8' };

export interface Cluster {
  /** Where S3, STS and IAM answer. */
  readonly endpoint: string;
  /** `radosgw-admin` with the given words; returns what it printed. */
  admin(...words: string[]): Promise<string>;
  stop(): Promise<void>;
}

interface Place {
  readonly dir: string;
  readonly conf: string;
  readonly monitor: string;
}

/**
 * A one-node Ceph with an object gateway, objects in RAM: monitor, object store (`memstore`), gateway.
 * https://docs.ceph.com/en/pacific/install/manual-deployment/ and …/radosgw/STS/
 */
export async function startCluster(): Promise<Cluster> {
  const dir = await mkdtemp(join(tmpdir(), 'vk-ceph-'));
  const stops: (() => Promise<unknown>)[] = [() => rm(dir, { recursive: true, force: true })];
  try {
    const [v2, v1, http] = [await freePort(), await freePort(), await freePort()];
    const place = {
      dir,
      conf: join(dir, 'ceph.conf'),
      monitor: `[v2:127.0.0.1:${v2},v1:127.0.0.1:${v1}]`,
    };
    const fsid = randomUUID();
    await writeFile(place.conf, configuration(place, fsid, http));
    await makeKeys(place);

    const launch = (command: string, ...args: string[]): BedProcess => {
      const all = [...args, '-f', '-c', place.conf];
      const process = startProcess(command, all, { env, log: join(dir, `${command}.out`) });
      stops.push(() => process.stop());
      return process;
    };
    await makeMonitor(place, fsid);
    const monitor = launch('ceph-mon', '-i', 'a');
    await makeObjectStore(place);
    const store = launch('ceph-osd', '-i', '0');
    const gateway = launch('radosgw', '-n', 'client.rgw');

    const endpoint = `http://127.0.0.1:${http}`;
    await until('the object gateway', async () => (await fetch(endpoint)).ok, {
      timeoutMs: 90_000,
      alive: [monitor, store, gateway],
    });
    return {
      endpoint,
      admin: (...words) =>
        must('radosgw-admin', ['-c', place.conf, '-n', 'client.rgw', ...words], { env }),
      stop: () => stopAll(stops),
    };
  } catch (error) {
    await stopAll(stops);
    throw error;
  }
}

/** cephx must be on (without it the gateway hangs); sessions may be as short as one second. */
const configuration = ({ dir, monitor }: Place, fsid: string, http: number): string => `
[global]
fsid = ${fsid}
mon_initial_members = a
mon_host = ${monitor}
auth_cluster_required = cephx
auth_service_required = cephx
auth_client_required = cephx
auth_allow_insecure_global_id_reclaim = false
keyring = ${dir}/keyring
mon_data = ${dir}/mon
osd_data = ${dir}/osd
run_dir = ${dir}/run
admin_socket = ${dir}/run/$name.asok
log_file = ${dir}/$name.log
crash_dir = ${dir}/crash
public_network = 127.0.0.0/8
osd_pool_default_size = 1
osd_pool_default_pg_num = 1
osd_crush_chooseleaf_type = 0
mon_allow_pool_size_one = true
mon_data_avail_crit = 0
osd_objectstore = memstore
memstore_device_bytes = 1073741824
osd_crush_update_on_start = false
[client.rgw]
rgw_frontends = beast endpoint=127.0.0.1:${http}
rgw_s3_auth_use_sts = true
rgw_sts_key = abcdefghijklmnop
rgw_sts_min_session_duration = 1
rgw_enable_apis = s3,sts,iam,admin
`;

async function makeKeys({ dir }: Place): Promise<void> {
  for (const name of ['mon', 'osd', 'run', 'crash']) await mkdir(join(dir, name));
  const caps: Record<string, readonly string[]> = {
    'mon.': ['mon', 'allow *'],
    'client.admin': ['mon', 'allow *', 'osd', 'allow *', 'mgr', 'allow *', 'mds', 'allow *'],
    'osd.0': ['mon', 'allow profile osd', 'osd', 'allow *', 'mgr', 'allow profile osd'],
    'client.rgw': ['mon', 'allow rw', 'osd', 'allow rwx', 'mgr', 'allow rw'],
  };
  const ring = join(dir, 'keyring');
  await must('ceph-authtool', ['--create-keyring', ring], { env });
  for (const [name, words] of Object.entries(caps)) {
    const pairs = words.flatMap((word, i) => (i % 2 === 0 ? ['--cap', word] : [word]));
    await must('ceph-authtool', [ring, '--gen-key', '-n', name, ...pairs], { env });
  }
}

async function makeMonitor({ dir, conf, monitor }: Place, fsid: string): Promise<void> {
  const map = join(dir, 'monmap');
  await must('monmaptool', ['--create', '--fsid', fsid, '--addv', 'a', monitor, map], { env });
  const words = ['--mkfs', '-i', 'a', '--monmap', map, '--keyring', join(dir, 'keyring')];
  await must('ceph-mon', [...words, '-c', conf], { env });
}

async function makeObjectStore({ conf }: Place): Promise<void> {
  const uuid = randomUUID();
  const ceph = (...words: string[]) =>
    must('ceph', ['-c', conf, '--connect-timeout', '30', ...words], { env });
  await ceph('osd', 'create', uuid);
  await ceph('osd', 'crush', 'add', 'osd.0', '1.0', 'root=default', 'host=local');
  await must('ceph-osd', ['-i', '0', '--mkfs', '--osd-uuid', uuid, '-c', conf], { env });
}
