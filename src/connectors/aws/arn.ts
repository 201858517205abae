import { ValetkeyError } from '../../core/errors.ts';

/*
 * AWS names taken apart. Formats:
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html
 */

export interface Arn {
  readonly partition: string;
  readonly service: string;
  readonly region: string;
  readonly account: string;
  readonly resource: string;
}

export interface RoleArn extends Arn {
  /** The name without its path. */
  readonly roleName: string;
}

/** Regions begin with these where they are not of partition `aws`; each partition's first region. */
const PARTITIONS: readonly { prefix: string; partition: string; region: string; suffix: string }[] =
  [
    { prefix: 'cn-', partition: 'aws-cn', region: 'cn-north-1', suffix: 'amazonaws.com.cn' },
    {
      prefix: 'us-gov-',
      partition: 'aws-us-gov',
      region: 'us-gov-west-1',
      suffix: 'amazonaws.com',
    },
    { prefix: 'us-iso-', partition: 'aws-iso', region: 'us-iso-east-1', suffix: 'c2s.ic.gov' },
    {
      prefix: 'us-isob-',
      partition: 'aws-iso-b',
      region: 'us-isob-east-1',
      suffix: 'sc2s.sgov.gov',
    },
    {
      prefix: 'eu-isoe-',
      partition: 'aws-iso-e',
      region: 'eu-isoe-west-1',
      suffix: 'cloud.adc-e.uk',
    },
    {
      prefix: 'us-isof-',
      partition: 'aws-iso-f',
      region: 'us-isof-south-1',
      suffix: 'csp.hci.ic.gov',
    },
    { prefix: 'eusc-', partition: 'aws-eusc', region: 'eusc-de-east-1', suffix: 'amazonaws.eu' },
    { prefix: '', partition: 'aws', region: 'us-east-1', suffix: 'amazonaws.com' },
  ];

export function partitionOfRegion(region: string): string {
  return PARTITIONS.find(({ prefix }) => region.startsWith(prefix))?.partition ?? 'aws';
}

/** Where a partition's STS is asked when nobody names a region. */
export function defaultRegionOf(partition: string): string {
  return PARTITIONS.find((known) => known.partition === partition)?.region ?? 'us-east-1';
}

/** `amazonaws.com`, `amazonaws.com.cn`, … */
export function dnsSuffixOfRegion(region: string): string {
  return PARTITIONS.find(({ prefix }) => region.startsWith(prefix))?.suffix ?? 'amazonaws.com';
}

const REGION = /^[a-z]{2,4}(-[a-z]+){1,3}-\d{1,2}$/;

/** `eu-central-1`. Throws `INPUT_INVALID`; new regions need no change here. */
export function parseRegion(text: string, subject = 'region'): string {
  if (REGION.test(text)) return text;
  throw invalid(subject, 'a region looks like eu-central-1');
}

const PARTITION = /^aws(-[a-z]+)*$/;

/** Throws `INPUT_INVALID` naming `subject`. */
export function parseArn(text: string, subject: string): Arn {
  const [head, partition = '', service = '', region = '', account = '', ...rest] = text.split(':');
  const resource = rest.join(':');
  if (head !== 'arn' || service === '' || resource === '') {
    throw invalid(subject, 'an ARN looks like arn:partition:service:region:account:resource');
  }
  if (!PARTITION.test(partition)) {
    throw invalid(subject, 'the second part of an ARN is a partition: aws, aws-cn, aws-us-gov, …');
  }
  return { partition, service, region, account, resource };
}

const ROLE_ARN_MAX = 2048; // RoleArn, STS API Reference, AssumeRole
const ROLE = /^role\/([\u0021-\u007e]+\/)?([\w+=,.@-]{1,64})$/;

/** Throws `INPUT_INVALID`. An S3-compatible store's own STS (Ceph) has roles without an account. */
export function parseRoleArn(text: string, subject = 'role_arn'): RoleArn {
  const arn = parseArn(text, subject);
  const roleName = ROLE.exec(arn.resource)?.[2];
  if (arn.service === 'sts' && arn.resource.startsWith('assumed-role/')) {
    throw invalid(
      subject,
      'this is the ARN of a session',
      'give the role itself: arn:aws:iam::111122223333:role/name',
    );
  }
  if (arn.service !== 'iam' || arn.region !== '' || roleName === undefined) {
    throw invalid(subject, 'a role looks like arn:aws:iam::111122223333:role/name');
  }
  if (arn.account !== '') parseAccount(arn.account, subject);
  if (text.length > ROLE_ARN_MAX) throw invalid(subject, `at most ${ROLE_ARN_MAX} characters`);
  return { ...arn, roleName };
}

export function parseAccount(text: string, subject = 'account'): string {
  if (/^\d{12}$/.test(text)) return text;
  throw invalid(subject, 'an account id has 12 digits');
}

/** A managed policy: one's own account's, or one that AWS keeps. */
export function parsePolicyArn(text: string, subject = 'policy_arns'): Arn {
  const arn = parseArn(text, subject);
  if (arn.service !== 'iam' || !/^policy\/[\u0021-\u007e]+$/.test(arn.resource)) {
    throw invalid(subject, 'a managed policy looks like arn:aws:iam::aws:policy/ReadOnlyAccess');
  }
  if (arn.account !== 'aws') parseAccount(arn.account, subject);
  return arn;
}

/** A key itself: an alias is no resource that a policy could allow. */
export function parseKmsKeyArn(text: string, subject = 'kms_key_arn'): Arn {
  const arn = parseArn(text, subject);
  if (arn.service !== 'kms' || arn.region === '' || !/^key\/[\w-]+$/.test(arn.resource)) {
    throw invalid(
      subject,
      'a key looks like arn:aws:kms:eu-central-1:111122223333:key/…',
      'use the key’s own ARN, not that of an alias',
    );
  }
  // A wildcard among these would be one in the policy too.
  parseRegion(arn.region, subject);
  parseAccount(arn.account, subject);
  return arn;
}

/** Of a session as STS reports it: who it is, and the account, which only AWS itself always names. */
export function accountOf(principalArn: string): string {
  return principalArn.split(':')[4] ?? '';
}

export function invalid(subject: string, reason: string, hint?: string): ValetkeyError {
  return new ValetkeyError('INPUT_INVALID', {
    subject,
    reason,
    ...(hint === undefined ? {} : { hint }),
  });
}
