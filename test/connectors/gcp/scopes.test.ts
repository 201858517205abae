import { describe, expect, it } from 'vitest';

import { CLOUD_SCOPES, WIDER } from '../../../src/connectors/gcp/scope-table.ts';
import {
  CLOUD_PLATFORM,
  covers,
  DEFAULT_SCOPES,
  impliedScopes,
  parseScope,
} from '../../../src/connectors/gcp/scopes.ts';

const auth = (name: string) => `https://www.googleapis.com/auth/${name}`;

describe('which scopes include which', () => {
  it.each([
    ['cloud-platform', 'cloud-platform'],
    ['cloud-platform', 'cloud-platform.read-only'],
    ['cloud-platform', 'devstorage.full_control'],
    ['cloud-platform', 'devstorage.read_write'],
    ['cloud-platform', 'bigquery'],
    ['cloud-platform', 'bigquery.insertdata'],
    ['cloud-platform', 'compute.readonly'],
    ['cloud-platform', 'logging.write'],
    ['cloud-platform', 'monitoring.write'],
    ['cloud-platform', 'trace.append'],
    ['cloud-platform', 'pubsub'],
    ['cloud-platform', 'datastore'],
    ['cloud-platform', 'sqlservice.login'],
    ['cloud-platform', 'spanner.data'],
    ['cloud-platform', 'bigtable.data'],
    ['cloud-platform', 'iam'],
    ['cloud-platform', 'ndev.clouddns.readwrite'],
    ['cloud-platform', 'firebase'],
    ['cloud-platform', 'servicecontrol'],
    ['cloud-platform', 'userinfo.email'],
    ['cloud-platform.read-only', 'devstorage.read_only'],
    ['devstorage.full_control', 'devstorage.read_write'],
    ['devstorage.full_control', 'devstorage.read_only'],
    ['devstorage.read_write', 'devstorage.read_only'],
    ['devstorage.read_only', 'userinfo.email'],
    ['compute', 'compute.readonly'],
    ['bigquery', 'bigquery.readonly'],
    ['logging.admin', 'logging.write'],
    ['source.full_control', 'source.read_only'],
    ['drive', 'drive.readonly'],
    ['spreadsheets', 'spreadsheets.readonly'],
    ['admin.directory.user', 'admin.directory.user.readonly'],
  ])('%s includes %s', (granted, asked) => {
    expect(covers([auth(granted)], auth(asked))).toBe(true);
  });

  it.each([
    ['cloud-platform', 'drive'],
    ['cloud-platform', 'drive.readonly'],
    ['cloud-platform', 'gmail.readonly'],
    ['cloud-platform', 'calendar'],
    ['cloud-platform', 'spreadsheets'],
    ['cloud-platform', 'admin.directory.user.readonly'],
    ['cloud-platform', 'cloud-identity.groups'],
    ['cloud-platform', 'userinfo.profile'],
    ['cloud-platform.read-only', 'cloud-platform'],
    ['cloud-platform.read-only', 'devstorage.read_write'],
    ['devstorage.read_only', 'devstorage.read_write'],
    ['devstorage.read_write', 'devstorage.full_control'],
    ['devstorage.full_control', 'cloud-platform'],
    ['compute.readonly', 'compute'],
    ['logging.write', 'logging.read'],
    ['bigquery', 'bigtable.data'],
    ['drive.readonly', 'drive'],
    ['drive.readonly', 'drive.readonly.readonly'],
    ['drive', 'drive.file'],
    ['userinfo.email', 'userinfo.email.readonly'],
  ])('%s does not include %s', (granted, asked) => {
    expect(covers([auth(granted)], auth(asked))).toBe(false);
  });

  it('anything includes the words that only tell who the account is', () => {
    const implied = impliedScopes([auth('devstorage.read_only')]);
    expect(implied).toEqual(
      expect.arrayContaining([
        'email',
        'openid',
        auth('userinfo.email'),
        auth('devstorage.read_only'),
      ]),
    );
    expect(implied).toHaveLength(4);
    expect(covers([], 'openid')).toBe(true);
    expect(covers([], 'profile')).toBe(false);
  });

  it('the two names of a profile are one thing', () => {
    expect(covers(['profile'], auth('userinfo.profile'))).toBe(true);
    expect(covers([auth('userinfo.profile')], 'profile')).toBe(true);
  });

  it('a scope outside Google’s common prefix is itself alone', () => {
    const mail = 'https://mail.google.com/';
    expect(covers([mail], mail)).toBe(true);
    expect(covers([mail], `${mail}.readonly`)).toBe(false);
    expect(covers(DEFAULT_SCOPES, mail)).toBe(false);
  });

  it('is sorted, each once, and the same when asked of its own answer', () => {
    const implied = impliedScopes(DEFAULT_SCOPES);
    expect(implied).toEqual([...new Set(implied)].sort());
    expect(impliedScopes(implied)).toEqual(implied);
    expect(impliedScopes([CLOUD_PLATFORM])).toEqual(implied);
  });

  it('the table names no scope twice, no Workspace scope, and nothing wider than the cloud', () => {
    expect(new Set(CLOUD_SCOPES).size).toBe(CLOUD_SCOPES.length);
    for (const name of CLOUD_SCOPES) {
      expect(name).not.toMatch(
        /^(drive|gmail|calendar|admin|spreadsheets|documents|cloud-identity)/,
      );
    }
    for (const [wide, narrow] of Object.entries(WIDER)) {
      expect(CLOUD_SCOPES).toEqual(expect.arrayContaining([wide, ...narrow]));
    }
  });
});

describe('a scope as it is written', () => {
  it.each([CLOUD_PLATFORM, 'openid', 'email', 'profile', 'https://mail.google.com/'])(
    '%s',
    (text) => {
      expect(parseScope(text)).toBe(text);
    },
  );

  it.each([
    '',
    'cloud-platform',
    'storage-ro',
    'http://www.googleapis.com/auth/cloud-platform',
    `${CLOUD_PLATFORM} openid`,
    `${CLOUD_PLATFORM},openid`,
    `${CLOUD_PLATFORM}"`,
    `${CLOUD_PLATFORM}\\`,
    `${CLOUD_PLATFORM}\n`,
    `${CLOUD_PLATFORM}\0`,
    `${CLOUD_PLATFORM}é`,
    `https://www.googleapis.com/auth/${'x'.repeat(300)}`,
  ])('%.60j is refused', (text) => {
    expect(() => parseScope(text, 'grant')).toThrow(
      expect.objectContaining({ code: 'INPUT_INVALID', subject: 'grant' }),
    );
  });
});
