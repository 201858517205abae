import { constants, type BigIntStats } from 'node:fs';
import { open, readdir, realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';

import { ValetkeyError } from '../../core/errors.ts';
import { isErrno } from '../../files/atomic-write.ts';
import { FieldName, ITEM_MAX_BYTES } from '../item.ts';

const MAX_ENTRIES = 64;
const MAX_ATTEMPTS = 8;
const WRITABLE_BY_OTHERS = 0o002n;
const STICKY = 0o1000n;
/** A pipe put in place of a secret must not hang the reader; Windows has neither. */
const READ_FLAGS = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0);

/**
 * Reads all fields of one mounted folder as they were together at one moment; `undefined` when there
 * is no such folder.
 *
 * The kubelet writes each revision of a Secret into a new folder and turns the symlink `..data` over
 * to it in one step (k8s.io/kubernetes/pkg/volume/util/atomic_writer.go), so the folder is resolved
 * once and every file is read below what it resolved to. Plain folders have no such step: there the
 * files' inodes and times must be the same before and after. What changed meanwhile is read again.
 */
export async function readFolder(folder: string): Promise<Record<string, string> | undefined> {
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
    if ((await unlessGone(realpath(folder))) === undefined) return undefined;
    // A folder or file that goes away under our hands was turned over: look again.
    const before = await unlessGone(survey(folder));
    const fields = before && (await unlessGone(readAll(before)));
    const after = fields && (await unlessGone(survey(folder)));
    if (after && after.fingerprint === before?.fingerprint) return fields;
  }
  throw new ValetkeyError('STORE_UNREACHABLE', {
    subject: folder,
    reason: 'a file there keeps changing, or is a link to nothing',
    hint: 'look at the folder with: ls -lL',
  });
}

interface Survey {
  readonly place: string;
  readonly names: readonly string[];
  /** Changes whenever the folder was turned over or any of its files was replaced or written to. */
  readonly fingerprint: string;
}

async function survey(folder: string): Promise<Survey> {
  const outer = await realpath(folder);
  const place = (await unlessGone(realpath(join(outer, '..data')))) ?? outer;
  for (const way of new Set([outer, place])) {
    refuseIfOthersCanWrite(way, await stat(way, { bigint: true }));
  }
  const candidates = (await readdir(place)).filter((name) => FieldName.safeParse(name).success);
  if (candidates.length > MAX_ENTRIES) tooLarge(folder, `it holds more than ${MAX_ENTRIES} files`);
  const found = await Promise.all(
    candidates.toSorted().map(async (name) => {
      const facts = await stat(join(place, name), { bigint: true });
      return { name, facts };
    }),
  );
  const files = found.filter(({ facts }) => !facts.isDirectory());
  const marks = files.map(({ name, facts }) =>
    [name, facts.ino, facts.size, facts.mtimeNs, facts.ctimeNs].join(' '),
  );
  const bytes = files.reduce((sum, { facts }) => sum + facts.size, 0n);
  if (bytes > BigInt(ITEM_MAX_BYTES)) tooLarge(folder, `it has more than ${ITEM_MAX_BYTES} bytes`);
  const names = files.map(({ name }) => name);
  return { place, names, fingerprint: [place, ...marks].join('\n') };
}

async function readAll({ place, names }: Survey): Promise<Record<string, string>> {
  const fields = names.map(async (name) => {
    const path = join(place, name);
    return [name, toText(path, await readField(path))] as const;
  });
  return Object.fromEntries(await Promise.all(fields));
}

async function readField(path: string): Promise<Buffer> {
  const file = await open(path, READ_FLAGS);
  try {
    const facts = await file.stat({ bigint: true });
    if (!facts.isFile()) corrupt(path, 'it is not a regular file');
    refuseIfOthersCanWrite(path, facts);
    return await file.readFile();
  } finally {
    await file.close();
  }
}

/** The content without the one newline that editors and `echo` leave at the end. */
function toText(path: string, content: Buffer): string {
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(content);
    return text.replace(/\r?\n$/, '');
  } catch {
    return corrupt(path, 'it is not UTF-8 text');
  }
}

/**
 * Mounted Secrets are 0644 and their volume's root is 1777 by the kubelet's own doing, so what others
 * may read is not judged here. What others may change is: they would choose our credentials.
 */
export function refuseIfOthersCanWrite(path: string, facts: BigIntStats): void {
  if (process.platform === 'win32' || (facts.mode & WRITABLE_BY_OTHERS) === 0n) return;
  if (facts.isDirectory() && (facts.mode & STICKY) !== 0n) return;
  throw new ValetkeyError('UNSAFE_FILE', {
    subject: path,
    reason: 'every user can write to it',
    hint: `run: chmod o-w '${path}'`,
  });
}

async function unlessGone<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return undefined;
    throw error;
  }
}

function tooLarge(subject: string, reason: string): never {
  throw new ValetkeyError('STORE_CORRUPT', {
    subject,
    reason,
    hint: 'mount only the connector’s own fields here',
  });
}

function corrupt(subject: string, reason: string): never {
  throw new ValetkeyError('STORE_CORRUPT', {
    subject,
    reason,
    hint: 'each file is one field of the connector’s secret, as text',
  });
}
