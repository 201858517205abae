import { beforeAll, beforeEach, describe, expect, it } from 'vitest';

import implicit from '../../../src/connectors/aws/auth-methods/implicit.ts';
import { ACCOUNT, issueBy, startSourceBed, ZENFILES, type SourceBed } from './source-bed.ts';

let bed: SourceBed;

beforeAll(async () => {
  bed = await startSourceBed();
});

beforeEach(() => bed.aws.calls.reset());

describe('implicit', () => {
  it.each([
    ['nothing is', [], 'IMPLICIT_FORBIDDEN'],
    ['another account is', ['444455556666'], 'IMPLICIT_FORBIDDEN'],
    ['another role is', [`arn:aws:iam::${ACCOUNT}:role/other`], 'IMPLICIT_FORBIDDEN'],
    [
      'a role of this name elsewhere is',
      ['arn:aws:iam::444455556666:role/team/data'],
      'IMPLICIT_FORBIDDEN',
    ],
    ['the account is', [ACCOUNT], undefined],
    ['the role is, with its path', [`arn:aws:iam::${ACCOUNT}:role/team/data`], undefined],
  ])('a container’s role when %s allowed', async (_, allow, code) => {
    const { env, session } = await bed.container(bed.data);
    const machine = bed.machineWith({ env, allow });
    const issued = issueBy(implicit, machine, {});
    if (code === undefined) {
      expect(await issued).toMatchObject({
        accessKeyId: session.accessKeyId,
        expiresAt: session.expiresAt,
        region: 'eu-west-1',
      });
    } else {
      await expect(issued).rejects.toMatchObject({ code });
    }
  });

  it('a role that is not allowed is not even asked for', async () => {
    const { env } = await bed.container(bed.first);
    const machine = bed.machineWith({ env, allow: [bed.first] });
    bed.aws.calls.reset();
    await expect(issueBy(implicit, machine, { role_arn: bed.data })).rejects.toMatchObject({
      code: 'IMPLICIT_FORBIDDEN',
    });
    expect(bed.aws.calls.all()).toEqual({});
  });

  it('narrows through a role, and not without one', async () => {
    const { env } = await bed.container(bed.first);
    const machine = bed.machineWith({ env, allow: [ACCOUNT] });
    const narrow = await issueBy(implicit, machine, { role_arn: bed.data }, { scope: ZENFILES });
    expect(await bed.reach(narrow)).toEqual(['zenfiles']);
    await expect(issueBy(implicit, machine, {}, { scope: ZENFILES })).rejects.toMatchObject({
      code: 'SCOPE_UNSUPPORTED',
    });
  });

  it('never hands out a user’s own keys', async () => {
    const env = {
      AWS_ACCESS_KEY_ID: bed.user.accessKeyId,
      AWS_SECRET_ACCESS_KEY: bed.user.secretAccessKey,
    };
    const machine = bed.machineWith({ env, allow: [ACCOUNT] });
    const session = await issueBy(implicit, machine, {});
    expect(session.accessKeyId).not.toBe(bed.user.accessKeyId);
    expect(session.secretAccessKey).not.toBe(bed.user.secretAccessKey);
    const narrow = await issueBy(implicit, machine, {}, { scope: ZENFILES });
    expect(await bed.reach(narrow)).toEqual(['zenfiles']);
  });

  it('says so when the machine has no identity', async () => {
    await expect(
      issueBy(implicit, bed.machineWith({ allow: [ACCOUNT] }), {}),
    ).rejects.toMatchObject({
      code: 'SECRET_MISSING',
    });
  });
});
