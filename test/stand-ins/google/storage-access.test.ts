import { describe, expect, it } from 'vitest';
import { CLOUD, EMAIL_SCOPE, refusalOf, signed, STORAGE_READ } from './setup.ts';
import { startStorageBed } from './storage-bed.ts';

const STORAGE = 'https://www.googleapis.com/auth/devstorage';
const LIST = '/storage/v1/b/own-bucket/o';

describe('the bearer', () => {
  it('must be one, and alive', async () => {
    const bed = await startStorageBed();
    expect(refusalOf(await bed.get(LIST))).toBe('401 required');
    expect(refusalOf(await bed.get('/storage/v1/b/none/o'))).toBe('401 authError');
    for (const token of ['ya29.no', `${bed.token}x`, bed.token.slice(0, -1)]) {
      // oxlint-disable-next-line no-await-in-loop -- one after another keeps the log readable
      const answer = await bed.read(LIST, token);
      expect(refusalOf(answer)).toBe('401 authError');
      expect(answer.headers.get('www-authenticate')).toContain('invalid_token');
    }
    const basic = { headers: { authorization: `Basic ${bed.token}` } };
    const odd = await fetch(bed.google.url + LIST, basic);
    expect(odd.status).toBe(401);
    bed.google.tokens.expire(bed.token);
    expect(refusalOf(await bed.read(LIST))).toBe('401 authError');
  });

  it('ends to the millisecond', async () => {
    const bed = await startStorageBed();
    await bed.clock.advance(3_598_999);
    expect((await bed.read(LIST)).status).toBe(200);
    await bed.clock.advance(1);
    expect(refusalOf(await bed.read(LIST))).toBe('401 authError');
  });

  it.each([
    { scope: CLOUD, read: true, write: true },
    { scope: `${CLOUD}.read-only`, read: true, write: false },
    { scope: STORAGE_READ, read: true, write: false },
    { scope: `${STORAGE}.read_write`, read: true, write: true },
    { scope: `${STORAGE}.full_control`, read: true, write: true },
    { scope: `${STORAGE_READ} ${STORAGE}.read_write`, read: true, write: true },
    { scope: EMAIL_SCOPE, read: false, write: false },
    { scope: 'https://www.googleapis.com/auth/compute', read: false, write: false },
  ])('reads and writes by its scope: $scope', async ({ scope, read, write }) => {
    const bed = await startStorageBed();
    const token = await bed.tokenOf(scope);
    expect((await bed.read(LIST, token)).status).toBe(read ? 200 : 403);
    const gone = await bed.send('DELETE', `${LIST}/top.txt`, undefined, {}, token);
    expect(gone.status).toBe(write ? 204 : 403);
  });

  it('may be a JWT that the account signed for Cloud Storage', async () => {
    const bed = await startStorageBed();
    const email = bed.robot.email;
    const own = (more: Readonly<Record<string, unknown>>) =>
      signed(bed.file, {
        iss: email,
        sub: email,
        iat: bed.seconds(),
        exp: bed.seconds(3600),
        ...more,
      });
    const aud = 'https://storage.googleapis.com/';
    expect((await bed.read(LIST, own({ aud }))).status).toBe(200);
    expect((await bed.read(LIST, own({ scope: STORAGE_READ }))).status).toBe(200);
    const refused = [
      own({ aud: 'https://storage.googleapis.com' }),
      own({ aud: 'https://pubsub.googleapis.com/' }),
      own({ aud, scope: CLOUD }),
      own({ aud, sub: 'other@demo.iam.gserviceaccount.com' }),
      own({ aud, exp: bed.seconds(3601) }),
      own({ aud, iat: bed.seconds(-3600), exp: bed.seconds() }),
      own({}),
    ];
    for (const token of refused) {
      // oxlint-disable-next-line no-await-in-loop -- one after another keeps the log readable
      expect(refusalOf(await bed.read(LIST, token))).toBe('401 authError');
    }
    const narrow = own({ scope: EMAIL_SCOPE });
    expect(refusalOf(await bed.read(LIST, narrow))).toBe('403 forbidden');
    bed.robot.revokeKey(bed.file.private_key_id);
    expect(refusalOf(await bed.read(LIST, own({ aud })))).toBe('401 authError');
  });
});

describe('roles', () => {
  it.each([
    { role: 'objectViewer', may: ['list', 'get'] },
    { role: 'objectCreator', may: ['create'] },
    { role: 'objectUser', may: ['list', 'get', 'create', 'replace', 'delete'] },
    { role: 'objectAdmin', may: ['list', 'get', 'create', 'replace', 'delete'] },
    { role: 'admin', may: ['bucket', 'list', 'get', 'create', 'replace', 'delete'] },
    { role: 'legacyBucketReader', may: ['bucket', 'list'] },
    { role: 'legacyBucketWriter', may: ['bucket', 'list', 'create', 'replace', 'delete'] },
    { role: 'legacyObjectReader', may: ['get'] },
    { role: 'bucketViewer', may: ['bucket'] },
  ])('$role may $may', async ({ role, may }) => {
    const bed = await startStorageBed(`roles/storage.${role}`);
    const answers = {
      bucket: await bed.read('/storage/v1/b/own-bucket'),
      list: await bed.read(LIST),
      get: await bed.read(`${LIST}/top.txt`),
      create: await bed.put('new.txt', 'x'),
      replace: await bed.put('top.txt', 'y'),
      delete: await bed.send('DELETE', `${LIST}/top.txt`),
    };
    const allowed = Object.entries(answers).filter(([, { status }]) => status < 300);
    expect(allowed.map(([name]) => name)).toEqual(may);
    for (const [name, { status }] of Object.entries(answers)) {
      expect(status === 403, name).toBe(!may.includes(name));
    }
  });

  it('say who lacks what, of whom nothing is kept', async () => {
    const bed = await startStorageBed('roles/storage.objectCreator');
    const { body } = await bed.read(LIST);
    expect(body['error']).toEqual({
      code: 403,
      message: `${bed.robot.email} does not have storage.objects.list access to the Google Cloud Storage bucket. Permission 'storage.objects.list' denied on resource (or it may not exist).`,
      errors: [{ message: expect.any(String), domain: 'global', reason: 'forbidden' }],
    });
  });

  it('are by bucket, by project, and open to everybody when so said', async () => {
    const bed = await startStorageBed('roles/storage.objectViewer');
    bed.google.buckets.add({ name: 'second', project: 'demo', objects: { a: 'a' } });
    bed.google.buckets.add({ name: 'public', project: 'other', objects: { a: 'a' } });
    expect(refusalOf(await bed.read('/storage/v1/b/second/o'))).toBe('403 forbidden');
    expect(refusalOf(await bed.read('/storage/v1/b?project=demo'))).toBe('403 forbidden');
    bed.google.buckets.allow(bed.member, 'projects/demo', 'roles/storage.admin');
    expect((await bed.read('/storage/v1/b/second/o')).status).toBe(200);
    expect((await bed.read('/storage/v1/b?project=demo')).status).toBe(200);
    expect(refusalOf(await bed.read('/storage/v1/b?project=other'))).toBe('403 forbidden');
    expect(refusalOf(await bed.read('/storage/v1/b/public/o/a'))).toBe('403 forbidden');
    bed.google.buckets.allow('allUsers', 'public', 'roles/storage.objectViewer');
    expect((await bed.get('/storage/v1/b/public/o/a?alt=media')).text).toBe('a');
    expect((await bed.read('/storage/v1/b/public/o/a')).status).toBe(200);
  });

  it('are told by testIamPermissions', async () => {
    const bed = await startStorageBed('roles/storage.objectViewer');
    const ask = (...names: readonly string[]) =>
      bed.read(
        `/storage/v1/b/own-bucket/iam/testPermissions?${names.map((name) => `permissions=${name}`).join('&')}`,
      );
    const answer = await ask('storage.objects.get', 'storage.objects.create');
    expect(answer.body['permissions']).toEqual(['storage.objects.get']);
    expect((await ask('storage.buckets.get')).body).not.toHaveProperty('permissions');
    expect(refusalOf(await ask())).toBe('400 required');
  });
});
