import { mkdirSync } from 'node:fs';

import { describe, expect, it } from 'vitest';

import { ambientSource } from '../../../src/connectors/aws/ambient.ts';
import { profileSource } from '../../../src/connectors/aws/profile-source.ts';
import { readSharedConfig } from '../../../src/connectors/aws/shared-config.ts';
import type { Source } from '../../../src/connectors/aws/source.ts';
import { awsHome } from './aws-home.ts';
import { CHAIN_ROWS } from './chain-rows.ts';
import { PROFILE_ROWS } from './profile-rows.ts';
import { PROFILE_SOURCE_ROWS } from './profile-source-rows.ts';
import { KEYS, OTHER, type SourceRow, type Summary } from './source-row.ts';

describe('a profile by name', () => {
  it.each([...PROFILE_ROWS, ...PROFILE_SOURCE_ROWS])('$name', check);
});

describe('the default chain', () => {
  it.each(CHAIN_ROWS)('$name', check);

  it('finds nothing on a machine with nothing', async () => {
    const machine = awsHome();
    expect(ambientSource(machine.env, await readSharedConfig(machine.env))).toBeUndefined();
  });
});

describe('the shared files', () => {
  it('are where the variables say, the home folder written as ~', async () => {
    const machine = awsHome({ env: { AWS_SHARED_CREDENTIALS_FILE: '~/elsewhere/keys' } });
    machine.write('elsewhere/keys', `[dev]\n${KEYS}`);
    const files = await readSharedConfig(machine.env);
    const source = profileSource('dev', { env: machine.env, files });
    expect(source.origin).toBe('profile dev in ~/elsewhere/keys');
  });

  it('are read afresh each time', async () => {
    const machine = awsHome({ credentials: `[dev]\n${KEYS}` });
    await readSharedConfig(machine.env);
    machine.write('.aws/credentials', `[dev]\n${OTHER}`);
    const files = await readSharedConfig(machine.env);
    expect(summaryOf(profileSource('dev', { env: machine.env, files })).base).toBe(
      'AKIAOTHEROTHEROTHER2',
    );
  });

  it('that cannot be read are an error, not empty', async () => {
    const machine = awsHome();
    mkdirSync(`${machine.home}/.aws/credentials`, { recursive: true });
    await expect(readSharedConfig(machine.env)).rejects.toMatchObject({
      code: 'CONFIG_UNREADABLE',
      subject: `${machine.home}/.aws/credentials`,
    });
  });
});

async function check(row: SourceRow): Promise<void> {
  const { env } = awsHome(row);
  const resolve = async (): Promise<Source | undefined> => {
    const files = await readSharedConfig(env);
    return row.profile === undefined
      ? ambientSource(env, files)
      : profileSource(row.profile, { env, files });
  };
  if ('error' in row.expect) {
    const { error: code, subject } = row.expect;
    await expect(resolve()).rejects.toMatchObject({ code, subject });
    return;
  }
  const source = await resolve();
  expect(source && summaryOf(source)).toEqual({
    roles: [],
    borrowed: false,
    region: undefined,
    ...row.expect,
  });
}

function summaryOf({ base, roles, borrowed, region }: Source): Summary {
  return {
    base: wordsOf(base),
    roles: roles.map((hop) =>
      [hop.roleArn, hop.externalId, hop.mfaSerial, hop.sessionName, hop.seconds]
        .filter((part) => part !== undefined)
        .join(' '),
    ),
    borrowed,
    region,
  };
}

function wordsOf(base: Source['base']): string {
  if (base.kind === 'long-lived-keys') return base.keys.accessKeyId;
  if (base.kind === 'temporary-keys') {
    const until = base.expiresAt === undefined ? '?' : new Date(base.expiresAt).toISOString();
    return `${base.keys.accessKeyId} until ${until}`;
  }
  if (base.kind === 'sso') {
    const { session = '-', startUrl, region, accountId, roleName, scopes } = base;
    return ['sso', session, startUrl, region, accountId, roleName, ...scopes].join(' ');
  }
  if (base.kind === 'web-identity') return `web-identity ${base.roleArn} ${base.tokenFile}`;
  if (base.kind === 'process') return `process ${base.command}`;
  return base.kind === 'container' ? `container ${base.url}` : `instance ${base.endpoint}`;
}
