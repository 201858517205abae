import type { AwsSession } from '../../core/credential.ts';
import { isoSeconds } from './credential-document.ts';
import { jsonAnswer } from '../answer.ts';
import type { Answer } from '../contract.ts';

/** Partition and DNS suffix by region prefix. AWS General Reference, "AWS partitions". */
const PARTITIONS: readonly (readonly [prefix: string, partition: string, domain: string])[] = [
  ['cn-', 'aws-cn', 'amazonaws.com.cn'],
  ['us-gov-', 'aws-us-gov', 'amazonaws.com'],
  ['us-iso-', 'aws-iso', 'c2s.ic.gov'],
  ['us-isob-', 'aws-iso-b', 'sc2s.sgov.gov'],
  ['eu-isoe-', 'aws-iso-e', 'cloud.adc-e.uk'],
  ['us-isof-', 'aws-iso-f', 'csp.hci.ic.gov'],
  ['eusc-', 'aws-eusc', 'amazonaws.eu'],
];

export function partitionOf(region: string): { partition: string; domain: string } {
  const known = PARTITIONS.find(([prefix]) => region.startsWith(prefix));
  return { partition: known?.[1] ?? 'aws', domain: known?.[2] ?? 'amazonaws.com' };
}

/** Readers cut exactly one character to find the region. */
export function availabilityZone(region: string): string {
  return `${region}a`;
}

/** `i-` and 17 hex digits as a real one, the same for each installation; the zeros show that it is none. */
export function instanceId(installationId: string): string {
  return `i-0000000${installationId.slice(0, 10)}`;
}

/**
 * The parts of the identity document that can be told: region readers (Go, Java, .NET) need no more.
 * Unknown ones are absent, never null. The account is absent while no credential can be had.
 */
export function identityDocument(
  region: string,
  installationId: string,
  session: AwsSession | undefined,
): Answer {
  return jsonAnswer(200, {
    ...(session === undefined ? {} : { accountId: session.accountId }),
    availabilityZone: availabilityZone(region),
    instanceId: instanceId(installationId),
    region,
    version: '2017-09-30',
  });
}

/**
 * The instance profile. Terraform takes the account id from this ARN, so it is that of the session
 * in hand, never a made-up one.
 */
export function profileDocument(
  session: AwsSession,
  roleName: string,
  installationId: string,
  now: number,
): Answer {
  const partition = session.principalArn.split(':')[1] ?? 'aws';
  return jsonAnswer(200, {
    Code: 'Success',
    LastUpdated: isoSeconds(Math.min(session.issuedAt, now)),
    InstanceProfileArn: `arn:${partition}:iam::${session.accountId}:instance-profile/${roleName}`,
    InstanceProfileId: `AIPA0000000${installationId.slice(0, 10).toUpperCase()}`,
  });
}
