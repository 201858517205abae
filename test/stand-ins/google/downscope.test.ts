import { describe, expect, it } from 'vitest';
import { CLOUD, refusalOf, rule, signed, startBed, STORAGE_READ, textOf } from './setup.ts';

const MINE = rule('own-bucket', 'objectViewer');

async function startBucketBed() {
  const bed = await startBed();
  const objects = { 'team/a.txt': 'a', 'team/b.txt': 'b', 'other.txt': 'o' };
  for (const name of ['own-bucket', 'far-bucket']) {
    bed.google.buckets.add({ name, project: 'demo', objects });
  }
  bed.google.buckets.allow(
    `serviceAccount:${bed.robot.email}`,
    'projects/demo',
    'roles/storage.admin',
  );
  const narrow = async (...rules: readonly unknown[]): Promise<string> =>
    textOf(await bed.downscope(await bed.token(), rules), 'access_token');
  return { ...bed, narrow };
}

describe('an access token for a narrower one', () => {
  it('ends when its source ends, and says so for a service account', async () => {
    const bed = await startBucketBed();
    const token = await bed.token();
    await bed.clock.advance(600_500);
    const answer = await bed.downscope(token, [MINE]);
    expect(answer.body).toEqual({
      access_token: expect.stringMatching(/^ya29\.dr\./),
      issued_token_type: 'urn:ietf:params:oauth:token-type:access_token',
      token_type: 'Bearer',
      expires_in: 2998,
    });
    const narrow = bed.google.tokens.find(textOf(answer, 'access_token'));
    expect(narrow).toMatchObject({ scopes: [CLOUD], boundary: [{ bucket: 'own-bucket' }] });
    expect(narrow?.expiresAt).toBe(bed.google.tokens.find(token)?.expiresAt);
    expect(bed.google.calls.count('sts:downscope')).toBe(1);
  });

  it('says nothing of the end for a person', async () => {
    const bed = await startBucketBed();
    const user = bed.google.accounts.addUser({ email: 'a@example.com', consentedScopes: [CLOUD] });
    const { refresh_token } = user.authorizedUser();
    const source = await bed.form('/token', {
      grant_type: 'refresh_token',
      refresh_token,
      client_id: user.client.clientId,
      client_secret: user.client.clientSecret,
    });
    const answer = await bed.downscope(textOf(source, 'access_token'), [MINE]);
    expect(answer.status).toBe(200);
    expect(answer.body).not.toHaveProperty('expires_in');
  });

  it.each([
    { name: 'no rules', rules: [] },
    { name: 'eleven rules', rules: Array.from({ length: 11 }, () => MINE) },
    { name: 'rules that are no list', rules: MINE },
    { name: 'a rule without roles', rules: [{ ...MINE, availablePermissions: [] }] },
    {
      name: 'a bare role',
      rules: [{ ...MINE, availablePermissions: ['roles/storage.objectViewer'] }],
    },
    { name: 'an unknown role', rules: [rule('own-bucket', 'nothing')] },
    {
      name: 'a project as resource',
      rules: [{ ...MINE, availableResource: '//storage.googleapis.com/projects/demo' }],
    },
    {
      name: 'a bucket by its short name',
      rules: [{ ...MINE, availableResource: 'gs://own-bucket' }],
    },
    {
      name: 'another service',
      rules: [{ ...MINE, availableResource: '//bigquery.googleapis.com/projects/_/buckets/b-1' }],
    },
    { name: 'no resource', rules: [{ availablePermissions: MINE.availablePermissions }] },
    {
      name: 'a field it does not know',
      rules: [{ ...MINE, availableCondition: { expression: 'true' } }],
    },
    {
      name: 'an expression that does not parse',
      rules: [rule('own-bucket', 'objectViewer', "resource.name.startsWith('")],
    },
    {
      name: 'an expression that is no truth',
      rules: [rule('own-bucket', 'objectViewer', 'resource.name')],
    },
    { name: 'an empty expression', rules: [rule('own-bucket', 'objectViewer', '')] },
  ])('refuses $name', async ({ rules }) => {
    const bed = await startBucketBed();
    const answer = await bed.downscope(await bed.token(), rules);
    expect(refusalOf(answer)).toBe('400 invalid_request');
    expect(bed.google.tokens.issued()).toHaveLength(1);
  });

  it('refuses an audience, a scope, no options and options that are no JSON', async () => {
    const bed = await startBucketBed();
    const token = await bed.token();
    for (const more of [{ audience: '//x' }, { scope: CLOUD }, { options: '' }, { options: '{' }]) {
      // oxlint-disable-next-line no-await-in-loop -- one after another keeps the log readable
      expect(refusalOf(await bed.downscope(token, [MINE], more))).toBe('400 invalid_request');
    }
    const typed = await bed.downscope(token, [MINE], { requested_token_type: 'jwt' });
    expect(refusalOf(typed)).toBe('400 invalid_request');
    const granted = await bed.downscope(token, [MINE], { grant_type: 'refresh_token' });
    expect(refusalOf(granted)).toBe('400 unsupported_grant_type');
  });

  it('refuses what it did not issue: narrowed, self-signed, expired and made-up tokens', async () => {
    const bed = await startBucketBed();
    const token = await bed.token();
    const narrow = textOf(await bed.downscope(token, [MINE]), 'access_token');
    expect(refusalOf(await bed.downscope(narrow, [MINE]))).toBe('400 invalid_grant');
    const own = bed.claims({ scope: undefined, aud: 'https://storage.googleapis.com/' });
    const jwt = signed(bed.file, { ...own, sub: bed.robot.email });
    expect(refusalOf(await bed.downscope(jwt, [MINE]))).toBe('400 invalid_grant');
    const small = await bed.token(STORAGE_READ);
    expect(refusalOf(await bed.downscope(small, [MINE]))).toBe('400 invalid_grant');
    expect(refusalOf(await bed.downscope('ya29.made-up', [MINE]))).toBe('400 invalid_grant');
    await bed.clock.advance(3_599_000);
    expect(refusalOf(await bed.downscope(token, [MINE]))).toBe('400 invalid_grant');
  });

  it('is asked for without a header of its own', async () => {
    const bed = await startBucketBed();
    const answer = await bed.send('/v1/token', {
      method: 'POST',
      headers: { authorization: `Bearer ${await bed.token()}` },
      body: new URLSearchParams({ grant_type: 'x' }),
    });
    expect(refusalOf(answer)).toBe('401 UNAUTHENTICATED');
  });
});

describe('a narrowed token at Cloud Storage', () => {
  it('reaches its own bucket and no other, and reads where it may read', async () => {
    const bed = await startBucketBed();
    const token = await bed.narrow(MINE);
    expect((await bed.get('/storage/v1/b/own-bucket/o', token)).status).toBe(200);
    expect((await bed.get('/storage/v1/b/own-bucket/o/other.txt?alt=media', token)).text).toBe('o');
    expect(refusalOf(await bed.get('/storage/v1/b/far-bucket/o', token))).toBe('403 forbidden');
    expect(refusalOf(await bed.get('/storage/v1/b/own-bucket', token))).toBe('403 forbidden');
    expect(refusalOf(await bed.get('/storage/v1/b?project=demo', token))).toBe('403 forbidden');
    const put = (path: string, body: string) =>
      bed.send(path, { method: 'POST', body, headers: { authorization: `Bearer ${token}` } });
    const upload = '/upload/storage/v1/b/own-bucket/o?uploadType=media&name=new.txt';
    expect(refusalOf(await put(upload, 'x'))).toBe('403 forbidden');
    const gone = await bed.send('/storage/v1/b/own-bucket/o/other.txt', {
      method: 'DELETE',
      headers: { authorization: `Bearer ${token}` },
    });
    expect(refusalOf(gone)).toBe('403 forbidden');
  });

  it('never has more than its account', async () => {
    const bed = await startBed();
    bed.google.buckets.add({ name: 'own-bucket', project: 'demo', objects: { a: 'a' } });
    const member = `serviceAccount:${bed.robot.email}`;
    const take = bed.google.buckets.allow(member, 'own-bucket', 'roles/storage.objectViewer');
    const answer = await bed.downscope(await bed.token(), [rule('own-bucket', 'objectAdmin')]);
    const token = textOf(answer, 'access_token');
    expect((await bed.get('/storage/v1/b/own-bucket/o/a', token)).status).toBe(200);
    const put = await bed.send('/upload/storage/v1/b/own-bucket/o?uploadType=media&name=b', {
      method: 'POST',
      body: 'x',
      headers: { authorization: `Bearer ${token}` },
    });
    expect(refusalOf(put)).toBe('403 forbidden');
    take();
    expect(refusalOf(await bed.get('/storage/v1/b/own-bucket/o/a', token))).toBe('403 forbidden');
  });

  it('keeps to a prefix, in names and in listings', async () => {
    const bed = await startBucketBed();
    const names = "resource.name.startsWith('projects/_/buckets/own-bucket/objects/team/')";
    const lists =
      "api.getAttribute('storage.googleapis.com/objectListPrefix', '').startsWith('team/')";
    const token = await bed.narrow(rule('own-bucket', 'objectViewer', `${names} || ${lists}`));
    const media = (name: string) => bed.get(`/storage/v1/b/own-bucket/o/${name}?alt=media`, token);
    expect((await media('team%2Fa.txt')).text).toBe('a');
    expect(refusalOf(await media('other.txt'))).toBe('403 forbidden');
    // What is not there looks the same as what is not allowed.
    expect(refusalOf(await media('missing.txt'))).toBe('403 forbidden');
    const list = (query: string) => bed.get(`/storage/v1/b/own-bucket/o${query}`, token);
    expect((await list('?prefix=team/')).status).toBe(200);
    expect((await list('?prefix=team%2Fa')).status).toBe(200);
    for (const query of ['', '?prefix=', '?prefix=tea', '?prefix=other']) {
      // oxlint-disable-next-line no-await-in-loop -- one after another keeps the log readable
      expect(refusalOf(await list(query)), query).toBe('403 forbidden');
    }
    const onlyNames = await bed.narrow(rule('own-bucket', 'objectViewer', names));
    const listed = await bed.get('/storage/v1/b/own-bucket/o?prefix=team/', onlyNames);
    expect(refusalOf(listed)).toBe('403 forbidden');
  });

  it('joins its rules with "or"', async () => {
    const bed = await startBucketBed();
    const token = await bed.narrow(
      MINE,
      rule('far-bucket', ['legacyBucketReader', 'objectCreator']),
    );
    expect((await bed.get('/storage/v1/b/own-bucket/o/other.txt', token)).status).toBe(200);
    expect((await bed.get('/storage/v1/b/far-bucket', token)).status).toBe(200);
    const crossed = await bed.get('/storage/v1/b/far-bucket/o/other.txt', token);
    expect(refusalOf(crossed)).toBe('403 forbidden');
  });

  it('is nothing elsewhere', async () => {
    const bed = await startBucketBed();
    const token = await bed.narrow(MINE);
    const path = `/v1/projects/-/serviceAccounts/${bed.robot.email}:generateAccessToken`;
    const acting = await bed.post(path, { scope: [CLOUD] }, token);
    expect(refusalOf(acting)).toBe('403 PERMISSION_DENIED');
    expect(refusalOf(await bed.get('/oauth2/v1/userinfo', token))).toBe('401 UNAUTHENTICATED');
  });

  it('ends with its time, and early when told', async () => {
    const bed = await startBucketBed();
    const token = await bed.narrow(MINE);
    const read = () => bed.get('/storage/v1/b/own-bucket/o', token);
    await bed.clock.advance(3_598_999);
    expect((await read()).status).toBe(200);
    await bed.clock.advance(1);
    expect(refusalOf(await read())).toBe('401 authError');
    const second = await bed.narrow(MINE);
    bed.google.tokens.expire(second);
    expect(refusalOf(await bed.get('/storage/v1/b/own-bucket/o', second))).toBe('401 authError');
  });
});
