import { createHmac } from 'node:crypto';
import { ContainerSASPermissions, generateBlobSASQueryParameters } from '@azure/storage-blob';
import { expect, test } from 'vitest';
import { ARM, refusalOf, startBed, STORAGE } from './setup.ts';
import type { Answer } from './setup.ts';

const VERSION = { 'x-ms-version': '2024-11-04' };

async function blobBed() {
  const bed = await startBed({ plainCountsAsTls: true });
  const { estate, grants, blobs } = bed.azure;
  const subscription = estate.addSubscription({ tenant: bed.tenant.id, name: 'Data' });
  const account = estate.addStorageAccount({ name: 'acme', subscription: subscription.id });
  estate.addStorageAccount({ name: 'lake', subscription: subscription.id, hierarchical: true });
  for (const name of ['alpha', 'beta', 'gamma']) {
    blobs.add({ account: 'acme', name, blobs: { 'a.txt': 'hello', 'dir/b.txt': 'deep' } });
  }
  blobs.add({ account: 'lake', name: 'alpha', blobs: { 'x/y/1': 'one', 'x/2': 'two' } });
  const storageToken = await bed.token(STORAGE);
  const call = (method: string, path: string, more: Record<string, string> = {}, body?: string) =>
    bed.send(path, {
      method,
      headers: { authorization: `Bearer ${storageToken}`, ...VERSION, ...more },
      ...(body === undefined ? {} : { body }),
    });
  const role = (name: Parameters<typeof grants.grant>[1], under = '') =>
    grants.grant(bed.app.objectId, name, `${account.id}${under}`);
  const scope = `/subscriptions/${subscription.id}`;
  return { ...bed, account, storageToken, call, role, scope };
}

const names = ({ text }: Answer): string[] =>
  [...text.matchAll(/<Name>([^<]*)<\/Name>/g)].map(([, name = '']) => name);
const marker = ({ text }: Answer): string => /<NextMarker>([^<]*)</.exec(text)?.[1] ?? '';

test('containers come page by page, to whoever holds a role on the account', async () => {
  const bed = await blobBed();
  expect(refusalOf(await bed.call('GET', '/acme/?comp=list'))).toBe(
    '403 AuthorizationPermissionMismatch',
  );
  const take = bed.role('Storage Blob Data Reader', '/blobServices/default/containers/alpha');
  expect(refusalOf(await bed.call('GET', '/acme/?comp=list'))).toBe(
    '403 AuthorizationPermissionMismatch',
  );
  take();
  bed.role('Storage Blob Data Reader');
  const first = await bed.call('GET', '/acme/?comp=list');
  expect(names(first)).toEqual(['alpha', 'beta']);
  const second = await bed.call('GET', `/acme/?comp=list&marker=${marker(first)}`);
  expect(names(second)).toEqual(['gamma']);
  expect(marker(second)).toBe('');
  expect(names(await bed.call('GET', '/acme/?comp=list&prefix=be'))).toEqual(['beta']);
  const many = await bed.call('GET', '/acme/?comp=list&maxresults=0');
  expect(refusalOf(many)).toBe('400 OutOfRangeQueryParameterValue');
});

test('a role on one container is good for that one alone, and reading is not writing', async () => {
  const bed = await blobBed();
  bed.role('Storage Blob Data Reader', '/blobServices/default/containers/alpha');
  const list = await bed.call('GET', '/acme/alpha?restype=container&comp=list');
  expect(names(list)).toEqual(['a.txt', 'dir/b.txt']);
  const rolled = '/acme/alpha?restype=container&comp=list&delimiter=%2F&maxresults=1';
  expect(names(await bed.call('GET', rolled))).toEqual(['a.txt']);
  expect((await bed.call('GET', '/acme/alpha?restype=container')).status).toBe(200);
  expect((await bed.call('GET', '/acme/alpha/dir/b.txt')).text).toBe('deep');
  const part = await bed.call('GET', '/acme/alpha/a.txt', { range: 'bytes=1-2' });
  expect([part.status, part.text]).toEqual([206, 'el']);
  const put = { 'x-ms-blob-type': 'BlockBlob' };
  const denied = '403 AuthorizationPermissionMismatch';
  expect(refusalOf(await bed.call('PUT', '/acme/alpha/c.txt', put, 'new'))).toBe(denied);
  expect(refusalOf(await bed.call('GET', '/acme/beta/a.txt'))).toBe(denied);
  bed.role('Storage Blob Data Contributor', '/blobServices/default/containers/alpha');
  expect((await bed.call('PUT', '/acme/alpha/c.txt', put, 'new')).status).toBe(201);
  expect((await bed.call('GET', '/acme/alpha/c.txt')).text).toBe('new');
  expect(refusalOf(await bed.call('PUT', '/acme/alpha/d.txt', {}, 'new'))).toBe(
    '400 MissingRequiredHeader',
  );
  const again = await bed.call('PUT', '/acme/alpha/c.txt', { ...put, 'if-none-match': '*' }, 'x');
  expect(refusalOf(again)).toBe('409 BlobAlreadyExists');
  expect((await bed.call('DELETE', '/acme/alpha/c.txt')).status).toBe(202);
  expect(refusalOf(await bed.call('GET', '/acme/alpha/c.txt'))).toBe('404 BlobNotFound');
  bed.role('Storage Blob Data Owner');
  expect(refusalOf(await bed.call('GET', '/acme/nothing/x'))).toBe('404 ContainerNotFound');
  expect((await bed.call('PUT', '/acme/delta?restype=container')).status).toBe(201);
  const twice = await bed.call('PUT', '/acme/delta?restype=container');
  expect(refusalOf(twice)).toBe('409 ContainerAlreadyExists');
});

test('a token for something else, of another tenant or over is refused', async () => {
  const bed = await blobBed();
  bed.role('Storage Blob Data Owner');
  const ask = (token?: string, headers: Record<string, string> = VERSION) =>
    bed.get('/acme/alpha/a.txt', token, headers);
  const none = await ask();
  expect(refusalOf(none)).toBe('401 NoAuthenticationInformation');
  expect(none.headers.get('www-authenticate')).toContain('resource_id=https://storage.azure.com');
  const invalid = '401 InvalidAuthenticationInfo';
  expect(refusalOf(await ask(await bed.token(ARM)))).toBe(invalid);
  expect((await ask(await bed.token('https://acme.blob.core.windows.net'))).status).toBe(200);
  expect(refusalOf(await ask(await bed.token('https://lake.blob.core.windows.net')))).toBe(invalid);
  expect(refusalOf(await ask('nonsense'))).toBe(invalid);
  const other = bed.azure.directory.addTenant({ domain: 'other.example' });
  bed.app.allowTenant(other.id);
  const foreign = await bed.withSecret({ scope: `${STORAGE}/.default` }, other.id);
  expect(refusalOf(await ask(String(foreign.body['access_token'])))).toBe(invalid);
  const token = await bed.token(STORAGE);
  expect(refusalOf(await ask(token, {}))).toBe('403 AuthenticationFailed');
  expect(refusalOf(await ask(token, { 'x-ms-version': '2015-12-11' }))).toBe(
    '403 AuthenticationFailed',
  );
  await bed.clock.advance(5401_000);
  expect(refusalOf(await ask(token))).toBe(invalid);
  expect(refusalOf(await bed.get('/nobody/alpha/a.txt', token, VERSION))).toBe(
    '404 ResourceNotFound',
  );
});

type SasBed = Awaited<ReturnType<typeof sasBed>>;

const iso = (at: number): string => `${new Date(at).toISOString().slice(0, 19)}Z`;

/** A bed in which a delegation key was given, and a signer by hand, line by line as the page has it. */
async function sasBed(accountName = 'acme') {
  const bed = await blobBed();
  bed.azure.grants.grant(bed.app.objectId, 'Storage Blob Data Owner', bed.scope);
  const start = iso(bed.clock.now());
  const expiry = iso(bed.clock.now() + 3600_000);
  const body = `<?xml version="1.0" encoding="utf-8"?><KeyInfo><Start>${start}</Start><Expiry>${expiry}</Expiry></KeyInfo>`;
  const path = `/${accountName}/?restype=service&comp=userdelegationkey`;
  const { text } = await bed.call('POST', path, {}, body);
  const field = (name: string): string => new RegExp(`<${name}>([^<]*)<`).exec(text)?.[1] ?? '';
  const key = Buffer.from(field('Value'), 'base64');
  const base: Record<string, string> = {
    sp: 'rl',
    se: iso(bed.clock.now() + 600_000),
    skoid: field('SignedOid'),
    sktid: field('SignedTid'),
    skt: field('SignedStart'),
    ske: field('SignedExpiry'),
    sks: field('SignedService'),
    skv: field('SignedVersion'),
    sv: '2022-11-02',
    sr: 'c',
  };
  const sign = (resource: string, more: Record<string, string> = {}): string => {
    const all = { ...base, ...more };
    const lines = [
      all['sp'],
      all['st'],
      all['se'],
      `/blob/${accountName}/${resource}`,
      all['skoid'],
      all['sktid'],
      all['skt'],
      all['ske'],
      all['sks'],
      all['skv'],
      '',
      '',
      '',
      all['sip'],
      all['spr'],
      all['sv'],
      all['sr'],
      '',
      '',
      '',
      '',
      '',
      '',
      '',
    ];
    const unsigned = lines.map((line) => line ?? '').join('\n');
    const sig = createHmac('sha256', key).update(unsigned).digest('base64');
    return new URLSearchParams({ ...all, sig }).toString();
  };
  const use = (at: string, sas: string, method = 'GET', headers = {}) =>
    bed.send(`/${accountName}/${at}${at.includes('?') ? '&' : '?'}${sas}`, { method, headers });
  return { ...bed, field, key, sign, use, start, expiry };
}

test('a key is given for seven days at most, by name of the caller', async () => {
  const bed = await sasBed();
  expect(bed.field('SignedOid')).toBe(bed.app.objectId);
  expect(bed.field('SignedTid')).toBe(bed.tenant.id);
  expect(bed.key).toHaveLength(32);
  const ask = (from: number, to: number) =>
    bed.call(
      'POST',
      '/acme/?restype=service&comp=userdelegationkey',
      {},
      `<KeyInfo><Start>${iso(from)}</Start><Expiry>${iso(to)}</Expiry></KeyInfo>`,
    );
  const now = bed.clock.now();
  const week = 7 * 24 * 3600_000;
  expect((await ask(now, now + week)).status).toBe(200);
  expect(refusalOf(await ask(now, now + week + 1000))).toBe('400 InvalidXmlNodeValue');
  expect(refusalOf(await ask(now - 2000, now - 1000))).toBe('400 InvalidXmlNodeValue');
  const bad = await bed.call('POST', '/acme/?restype=service&comp=userdelegationkey', {}, '<a/>');
  expect(refusalOf(bad)).toBe('400 InvalidXmlDocument');
});

test('a container SAS lists and reads in its container, and nothing else', async () => {
  const bed = await sasBed();
  const sas = bed.sign('alpha');
  expect(names(await bed.use('alpha?restype=container&comp=list', sas))).toEqual([
    'a.txt',
    'dir/b.txt',
  ]);
  expect((await bed.use('alpha/a.txt', sas)).text).toBe('hello');
  expect(refusalOf(await bed.use('beta/a.txt', sas))).toBe('403 AuthenticationFailed');
  const put = { 'x-ms-blob-type': 'BlockBlob' };
  expect(refusalOf(await bed.use('alpha/n', sas, 'PUT', put))).toBe(
    '403 AuthorizationPermissionMismatch',
  );
  expect((await bed.use('alpha/n', bed.sign('alpha', { sp: 'c' }), 'PUT', put)).status).toBe(201);
  expect(refusalOf(await bed.use('alpha/n', bed.sign('alpha', { sp: 'c' }), 'PUT', put))).toBe(
    '403 AuthorizationPermissionMismatch',
  );
  expect(refusalOf(await bed.use('alpha?restype=container', sas))).toBe(
    '403 AuthorizationPermissionMismatch',
  );
});

test('a blob SAS is for one blob', async () => {
  const bed = await sasBed();
  const sas = bed.sign('alpha/dir/b.txt', { sr: 'b', sp: 'r' });
  expect((await bed.use('alpha/dir/b.txt', sas)).text).toBe('deep');
  expect(refusalOf(await bed.use('alpha/a.txt', sas))).toBe('403 AuthenticationFailed');
});

test('a directory SAS is for what is under it, where there are directories', async () => {
  const bed = await sasBed('lake');
  const sas = bed.sign('alpha/x/y', { sr: 'd', sdd: '2' });
  expect((await bed.use('alpha/x/y/1', sas)).text).toBe('one');
  expect(refusalOf(await bed.use('alpha/x/2', sas))).toBe('403 AuthenticationFailed');
  const listed = await bed.use('alpha?restype=container&comp=list&prefix=x%2Fy%2F', sas);
  expect(names(listed)).toEqual(['x/y/1']);
  expect(refusalOf(await bed.use('alpha?restype=container&comp=list', sas))).toBe(
    '403 AuthenticationFailed',
  );
  const flat = await sasBed();
  const useless = flat.sign('alpha/dir', { sr: 'd', sdd: '1' });
  expect(refusalOf(await flat.use('alpha/dir/b.txt', useless))).toBe('403 AuthenticationFailed');
});

test.each<[string, (bed: SasBed) => Record<string, string>, string]>([
  ['over', (bed) => ({ se: iso(bed.clock.now()) }), 'AuthenticationFailed'],
  ['not yet good', (bed) => ({ st: iso(bed.clock.now() + 1000) }), 'AuthenticationFailed'],
  ['without an end', () => ({ se: '' }), 'AuthenticationFailed'],
  ['with letters out of order', () => ({ sp: 'lr' }), 'AuthenticationFailed'],
  ['for another address', () => ({ sip: '10.0.0.1-10.0.0.9' }), 'AuthorizationSourceIPMismatch'],
  ['of a version too old', () => ({ sv: '2018-11-09' }), 'AuthenticationFailed'],
  ['of a version yet to come', () => ({ sv: '2031-01-01' }), 'AuthenticationFailed'],
  ['for certain headers', () => ({ srh: 'x-ms-meta-a' }), 'AuthenticationFailed'],
  ['by another key', (bed) => ({ skoid: bed.tenant.id }), 'AuthenticationFailed'],
])('a SAS %s is refused', async (_, more, code) => {
  const bed = await sasBed();
  expect(refusalOf(await bed.use('alpha/a.txt', bed.sign('alpha', more(bed))))).toBe(`403 ${code}`);
});

test('a SAS lives no longer than its key', async () => {
  const bed = await sasBed();
  const sas = bed.sign('alpha', { se: iso(bed.clock.now() + 2 * 3600_000) });
  expect((await bed.use('alpha/a.txt', sas)).status).toBe(200);
  await bed.clock.advance(3600_000);
  expect(refusalOf(await bed.use('alpha/a.txt', sas))).toBe('403 AuthenticationFailed');
});

test('a SAS may name the caller’s address and the protocol', async () => {
  const bed = await sasBed();
  const sas = bed.sign('alpha', { sip: '127.0.0.0-127.0.0.9', spr: 'https', st: bed.start });
  expect((await bed.use('alpha/a.txt', sas)).status).toBe(200);
});

test('a SAS is worth no more than its maker’s role, and dies with the keys', async () => {
  const bed = await blobBed();
  const takes = [
    bed.role('Storage Blob Delegator'),
    bed.role('Storage Blob Data Reader', '/blobServices/default/containers/alpha'),
  ];
  expect(takes).toHaveLength(2);
  const key = await bed.call(
    'POST',
    '/acme/?restype=service&comp=userdelegationkey',
    {},
    `<KeyInfo><Expiry>${iso(bed.clock.now() + 3600_000)}</Expiry></KeyInfo>`,
  );
  const field = (name: string) => new RegExp(`<${name}>([^<]*)<`).exec(key.text)?.[1] ?? '';
  const sas = (container: string, version?: string) =>
    generateBlobSASQueryParameters(
      {
        containerName: container,
        permissions: ContainerSASPermissions.parse('rwl'),
        expiresOn: new Date(bed.clock.now() + 60_000),
        ...(version === undefined ? {} : { version }),
      },
      {
        signedObjectId: field('SignedOid'),
        signedTenantId: field('SignedTid'),
        signedStartsOn: new Date(field('SignedStart')),
        signedExpiresOn: new Date(field('SignedExpiry')),
        signedService: field('SignedService'),
        signedVersion: field('SignedVersion'),
        value: field('Value'),
      },
      'acme',
    ).toString();
  for (const version of ['2020-10-02', '2020-12-06', '2022-11-02', '2025-11-05', undefined]) {
    const got = await bed.send(`/acme/alpha/a.txt?${sas('alpha', version)}`);
    expect([version, got.text]).toEqual([version, 'hello']);
  }
  const good = sas('alpha', '2022-11-02');
  const put = await bed.send(`/acme/alpha/n?${good}`, {
    method: 'PUT',
    headers: { 'x-ms-blob-type': 'BlockBlob' },
  });
  expect(refusalOf(put)).toBe('403 AuthorizationPermissionMismatch');
  const other = await bed.send(`/acme/beta/a.txt?${sas('beta', '2022-11-02')}`);
  expect(refusalOf(other)).toBe('403 AuthorizationPermissionMismatch');
  const both = await bed.get(`/acme/alpha/a.txt?${good}`, bed.storageToken, VERSION);
  expect(refusalOf(both)).toBe('403 AuthenticationFailed');
  bed.azure.delegationKeys.revoke('acme');
  expect(refusalOf(await bed.send(`/acme/alpha/a.txt?${good}`))).toBe('403 AuthenticationFailed');
});

test('over plain HTTP a SAS for HTTPS is refused, unless the stand-in plays the other', async () => {
  const plain = await startBed();
  const subscription = plain.azure.estate.addSubscription({ tenant: plain.tenant.id, name: 'D' });
  const account = plain.azure.estate.addStorageAccount({
    name: 'acme',
    subscription: subscription.id,
  });
  plain.azure.blobs.add({ account: 'acme', name: 'alpha', blobs: { a: 'x' } });
  plain.azure.grants.grant(plain.app.objectId, 'Storage Blob Data Owner', account.id);
  const token = await plain.token(STORAGE);
  const key = await plain.send('/acme/?restype=service&comp=userdelegationkey', {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, ...VERSION },
    body: `<KeyInfo><Expiry>${iso(plain.clock.now() + 3600_000)}</Expiry></KeyInfo>`,
  });
  const field = (name: string) => new RegExp(`<${name}>([^<]*)<`).exec(key.text)?.[1] ?? '';
  const all: Record<string, string> = {
    sp: 'r',
    se: iso(plain.clock.now() + 60_000),
    skoid: field('SignedOid'),
    sktid: field('SignedTid'),
    skt: field('SignedStart'),
    ske: field('SignedExpiry'),
    sks: 'b',
    skv: field('SignedVersion'),
    spr: 'https',
    sv: '2022-11-02',
    sr: 'c',
  };
  const v = (name: string) => all[name] ?? '';
  const signedKey = ['skoid', 'sktid', 'skt', 'ske', 'sks', 'skv'].map(v).join('\n');
  const text = `r\n\n${v('se')}\n/blob/acme/alpha\n${signedKey}\n\n\n\n\nhttps\n2022-11-02\nc\n\n\n\n\n\n\n`;
  const sig = createHmac('sha256', Buffer.from(field('Value'), 'base64'))
    .update(text)
    .digest('base64');
  const answer = await plain.send(
    `/acme/alpha/a?${new URLSearchParams({ ...all, sig }).toString()}`,
  );
  expect(refusalOf(answer)).toBe('403 AuthorizationProtocolMismatch');
});
