import { readdir, readFile, readlink, stat } from 'node:fs/promises';

import type { Peer, SocketEnds } from '../core/peer.ts';

/** Open files looked at to find the process of a socket; beyond this the uid alone is told. */
const MOST_FILES = 4_000;
const IPV4_MAPPED = '0000000000000000FFFF0000'; // ::ffff:0:0/96 as the kernel prints it

/**
 * The process at the other end of a connection on this machine, from the kernel's own tables: uid
 * always, pid and program where we may look. `undefined` elsewhere than on Linux, for another
 * network namespace, and for a client that has closed already (its row shows uid 0 and inode 0: to
 * believe that would make it root). https://www.kernel.org/doc/html/latest/networking/proc_net_tcp.html
 */
export type LookupPeer = (ends: SocketEnds, detail?: 'user') => Promise<Peer | undefined>;

/**
 * However many ask at once, the tables are read one after the other, each read for all who asked
 * before it began, and one process is searched for at a time: a crowd must not hold up the rest.
 */
export function createPeerLookup(): LookupPeer {
  const tables = {
    tcp: sharedRead(() => readFile('/proc/net/tcp', 'latin1').catch(() => '')),
    tcp6: sharedRead(() => readFile('/proc/net/tcp6', 'latin1').catch(() => '')),
  };
  let search: Promise<unknown> = Promise.resolve();

  return async (ends, detail) => {
    if (process.platform !== 'linux') return undefined;
    const row = await findRow(ends, tables);
    if (row === undefined || row.inode === '0') return undefined;
    if (detail === 'user') return { uid: row.uid };
    const turn = search.then(() => pidOf(row.inode, row.uid)).catch(() => undefined);
    search = turn;
    const pid = await turn;
    if (pid === undefined) return { uid: row.uid };
    const executable = await readlink(`/proc/${pid}/exe`).catch(() => undefined);
    return { uid: row.uid, pid, executable };
  };
}

/** A read that began before somebody asked may have passed his row already: he gets the next one. */
function sharedRead(read: () => Promise<string>): () => Promise<string> {
  let running: Promise<string> = Promise.resolve('');
  let next: Promise<string> | undefined;
  return () =>
    (next ??= running.then(() => {
      next = undefined;
      running = read();
      return running;
    }));
}

/** The client's own row: its local address is our remote one. A client may use an IPv6 socket for IPv4. */
async function findRow(
  ends: SocketEnds,
  read: Readonly<Record<'tcp' | 'tcp6', () => Promise<string>>>,
): Promise<{ readonly uid: number; readonly inode: string } | undefined> {
  const theirs = endpoint(ends.remoteAddress, ends.remotePort);
  const ours = endpoint(ends.localAddress, ends.localPort);
  const tables = theirs.length > 13 ? (['tcp6'] as const) : (['tcp', 'tcp6'] as const);
  for (const table of tables) {
    const text = await read[table]();
    const mapped = table === 'tcp6' && theirs.length <= 13 ? IPV4_MAPPED : '';
    const at = text.indexOf(`: ${mapped}${theirs} ${mapped}${ours} `);
    if (at === -1) continue;
    const fields = text
      .slice(at + 2, text.indexOf('\n', at))
      .trim()
      .split(/\s+/);
    // local rem st tx:rx tr:when retrnsmt uid timeout inode
    return { uid: Number(fields[6]), inode: fields[8] ?? '0' };
  }
  return undefined;
}

/** `0100007F:26B7`: words of 32 bits in host order (little-endian on every platform of Node), port in hex. */
function endpoint(address: string, port: number): string {
  const bytes = address.includes(':') ? ipv6Bytes(address) : ipv4Bytes(address);
  let text = '';
  for (let word = 0; word < bytes.length; word += 4) {
    text += bytes.readUInt32LE(word).toString(16).padStart(8, '0');
  }
  return `${text}:${port.toString(16).padStart(4, '0')}`.toUpperCase();
}

function ipv4Bytes(address: string): Buffer {
  return Buffer.from(address.split('.').map(Number));
}

function ipv6Bytes(address: string): Buffer {
  const dotted = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address);
  if (dotted?.[1] !== undefined) return ipv4Bytes(dotted[1]);
  const [head = '', tail] = address.split('::');
  const groups = (part: string) => part.split(':').filter(Boolean);
  const left = groups(head);
  const right = groups(tail ?? '');
  const zeros = Array.from({ length: 8 - left.length - right.length }, () => '0');
  const hex = [...left, ...zeros, ...right].map((group) => group.padStart(4, '0')).join('');
  return Buffer.from(hex, 'hex');
}

/**
 * Who holds the socket. Newest processes first: a client is mostly one that was just started. Only
 * processes of `uid` are looked at; an unprivileged daemon sees just its own user's.
 */
async function pidOf(inode: string, uid: number): Promise<number | undefined> {
  const pids = (await readdir('/proc')).map(Number).filter(Number.isInteger);
  let left = MOST_FILES;
  for (const pid of pids.sort((a, b) => b - a)) {
    if ((await ownerOf(pid)) !== uid) continue;
    const files = await readdir(`/proc/${pid}/fd`).catch(() => []);
    left -= files.length;
    if (left < 0) return undefined;
    const targets = files.map((fd) => readlink(`/proc/${pid}/fd/${fd}`).catch(() => ''));
    if ((await Promise.all(targets)).includes(`socket:[${inode}]`)) return pid;
  }
  return undefined;
}

function ownerOf(pid: number): Promise<number | undefined> {
  return stat(`/proc/${pid}`).then(
    ({ uid }) => uid,
    () => undefined, // it has ended meanwhile
  );
}
