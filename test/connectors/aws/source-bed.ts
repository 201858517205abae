import { keysOf } from '../../../src/connectors/aws/access-key.ts';
import type { AwsCloud, AwsScope } from '../../../src/connectors/aws/cloud.ts';
import s3Bucket from '../../../src/connectors/aws/resource-types/s3-bucket.ts';
import type {
  AuthMethodSpec,
  ConnectorInput,
  LoginResult,
} from '../../../src/connectors/contract.ts';
import { ofKind } from '../../../src/core/credential.ts';
import type { AwsSession } from '../../../src/core/credential.ts';
import type { UserWithKey } from '../../../src/stand-ins/aws/accounts.ts';
import {
  allow,
  cloudOf,
  connectorOf,
  keysOfUser,
  never,
  policyOf,
  saveNothing,
  startBed,
  trust,
  type Bed,
} from './aws-bed.ts';
import { awsHome, type AwsHome, type HomeMachine } from './aws-home.ts';
import { localServer } from './local-server.ts';

export const ACCOUNT = '111122223333';
const PLACE = { region: 'eu-west-1' };

/** Read access to one of the two buckets. */
export const ZENFILES = s3Bucket.narrow(
  { type: 's3-bucket', id: 's3://zenfiles', access: 'read' },
  PLACE,
);

export interface IssueMore {
  readonly scope?: AwsScope | undefined;
  readonly seconds?: number;
  readonly connector?: Partial<ConnectorInput>;
  /** Absent: a new one, as after a restart. */
  readonly cloud?: AwsCloud;
  readonly saveLogin?: (login: LoginResult) => Promise<void>;
}

/** An account with a user, two roles that may do the same as the user, and two buckets. */
export async function startSourceBed() {
  const bed: Bed = await startBed();
  const { accounts, buckets, sso } = bed.aws;
  const all = [policyOf(allow(['s3:*', 'sts:*']))];
  const user: UserWithKey = accounts.addUser({ name: 'ann', policies: all });
  const inAccount = trust(`arn:aws:iam::${ACCOUNT}:root`);
  const first = accounts.putRole({ name: 'first', trust: inAccount, policies: all }).arn;
  const data = accounts.putRole({
    name: 'data',
    path: '/team/',
    trust: inAccount,
    policies: all,
    maxSessionSeconds: 43_200,
  }).arn;
  for (const name of ['zenfiles', 'other']) buckets.add(name);
  sso.assign({ roleName: 'Developer', account: ACCOUNT, policies: all });
  return {
    ...bed,
    user,
    first,
    data,
    keysText: `aws_access_key_id = ${user.accessKeyId}\naws_secret_access_key = ${user.secretAccessKey}\n`,

    machineWith(options: AwsHome = {}): HomeMachine {
      const env = { AWS_ENDPOINT_URL: bed.aws.url, AWS_REGION: 'eu-west-1', ...options.env };
      return awsHome({ ...options, clock: bed.clock, env });
    },

    /** Which of the two buckets a session can list, by asking S3. */
    async reach(session: AwsSession): Promise<string[]> {
      const outcomes = await Promise.allSettled(
        ['zenfiles', 'other'].map(async (name) => {
          await bed.cloud.s3.probeList(keysOf(session), name, undefined, PLACE, never());
          return name;
        }),
      );
      return outcomes.flatMap((done) => (done.status === 'fulfilled' ? [done.value] : []));
    },

    /** A container endpoint that hands out one session of a role. */
    async container(roleArn: string) {
      const role = { roleArn, sessionName: 'task', seconds: 3600 };
      const session = await bed.cloud.sts.assumeRole(keysOfUser(user), role, PLACE, never());
      const server = await localServer(() => ({ body: JSON.stringify(documentOf(session)) }));
      return { session, env: { AWS_CONTAINER_CREDENTIALS_FULL_URI: server.url } };
    },
  };
}

export type SourceBed = Awaited<ReturnType<typeof startSourceBed>>;

function documentOf(session: AwsSession) {
  return {
    AccessKeyId: session.accessKeyId,
    SecretAccessKey: session.secretAccessKey,
    Token: session.sessionToken,
    Expiration: new Date(session.expiresAt).toISOString(),
  };
}

export async function issueBy(
  method: AuthMethodSpec<AwsCloud, AwsScope>,
  machine: HomeMachine,
  config: object,
  more: IssueMore = {},
): Promise<AwsSession> {
  const credential = await method.issue({
    connector: connectorOf(more.connector),
    config: method.config.parse(config),
    scope: more.scope,
    seconds: more.seconds ?? 3600,
    cloud: more.cloud ?? cloudOf(machine),
    machine,
    signal: never(),
    saveLogin: more.saveLogin ?? saveNothing,
  });
  return ofKind(credential, 'aws-session');
}
