import { startBed } from './setup.ts';

/** A bucket with some objects, and the robot with one role on it. */
export async function startStorageBed(role = 'roles/storage.objectAdmin') {
  const bed = await startBed();
  const bucket = bed.google.buckets.add({
    name: 'own-bucket',
    project: 'demo',
    objects: { 'a/1.txt': 'one', 'a/2.txt': 'two', 'b/3.txt': 'three', 'top.txt': 'hello world' },
  });
  const member = `serviceAccount:${bed.robot.email}`;
  bed.google.buckets.allow(member, 'own-bucket', role);
  const token = await bed.token();
  const send = (method: string, path: string, body?: string | Buffer, headers = {}, as = token) =>
    bed.send(path, {
      method,
      headers: { authorization: `Bearer ${as}`, ...headers },
      ...(body === undefined
        ? {}
        : { body: typeof body === 'string' ? body : new Uint8Array(body) }),
    });
  return {
    ...bed,
    bucket,
    member,
    token,
    tokenOf: bed.token,
    send,
    read: (path: string, as = token) => bed.get(path, as),
    /** As `name` in one request. */
    put: (name: string, body: string, query = '', headers = {}) =>
      send(
        'POST',
        `/upload/storage/v1/b/own-bucket/o?uploadType=media&name=${encodeURIComponent(name)}${query}`,
        body,
        { 'content-type': 'text/plain', ...headers },
      ),
  };
}
