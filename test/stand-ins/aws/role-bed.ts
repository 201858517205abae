import { AssumeRoleCommand, GetCallerIdentityCommand } from '@aws-sdk/client-sts';
import type { AssumeRoleCommandInput } from '@aws-sdk/client-sts';
import { allow, policy, startBed, trust } from './setup.ts';
import type { Bed, Keys } from './setup.ts';

export const ACCOUNT = '111122223333';

/** A user who may do everything, and a role that trusts the account. */
export async function startRoleBed(rest: object = {}, maxSessionSeconds = 3600) {
  const bed = await startBed();
  const user = bed.aws.accounts.addUser({ name: 'dev', policies: [policy(allow('*'))] });
  const role = bed.aws.accounts.putRole({
    name: 'reader',
    trust: trust(ACCOUNT, rest, ['sts:AssumeRole', 'sts:TagSession', 'sts:SetSourceIdentity']),
    maxSessionSeconds,
  });
  const assume = (input: Partial<AssumeRoleCommandInput> = {}, keys: Keys = user) =>
    bed
      .sts(keys)
      .send(new AssumeRoleCommand({ RoleArn: role.arn, RoleSessionName: 'app', ...input }));
  return { ...bed, user, role, assume };
}

/** The ARN STS knows the holder of these keys by. */
export const whoami = async (bed: Pick<Bed, 'sts'>, keys: Keys) =>
  (await bed.sts(keys).send(new GetCallerIdentityCommand({}))).Arn;
