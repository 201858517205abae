import { describe, expect, it } from 'vitest';

import {
  defaultRegionOf,
  parseArn,
  parseKmsKeyArn,
  parsePolicyArn,
  parseRegion,
  parseRoleArn,
  partitionOfRegion,
} from '../../../src/connectors/aws/arn.ts';
import { formatBucketPath, parseBucketPath } from '../../../src/connectors/aws/bucket.ts';

const invalid = (subject: string) => expect.objectContaining({ code: 'INPUT_INVALID', subject });

describe('role ARNs', () => {
  it.each([
    ['arn:aws:iam::111122223333:role/reader', 'aws', '111122223333', 'reader'],
    ['arn:aws-cn:iam::111122223333:role/team/a/reader', 'aws-cn', '111122223333', 'reader'],
    [
      'arn:aws-us-gov:iam::111122223333:role/a+b=c,d.e@f-g',
      'aws-us-gov',
      '111122223333',
      'a+b=c,d.e@f-g',
    ],
    ['arn:aws:iam:::role/ceph', 'aws', '', 'ceph'],
  ])('%s', (text, partition, account, roleName) => {
    expect(parseRoleArn(text)).toMatchObject({ partition, account, roleName });
  });

  it.each([
    'reader',
    'arn:aws:iam::11112222333:role/reader',
    'arn:aws:iam::111122223333:user/reader',
    'arn:aws:iam::111122223333:role/',
    'arn:aws:iam::111122223333:role/two words',
    'arn:aws:iam:eu-west-1:111122223333:role/reader',
    'arn:azure:iam::111122223333:role/reader',
    'arn:aws:sts::111122223333:assumed-role/reader/session',
    `arn:aws:iam::111122223333:role/${'p/'.repeat(1100)}reader`,
  ])('refuses %s', (text) => {
    expect(() => parseRoleArn(text, 'role_arn')).toThrow(invalid('role_arn'));
  });
});

describe('other ARNs', () => {
  it('keeps colons of the resource', () => {
    expect(parseArn('arn:aws:logs:eu-west-1:111122223333:log-group:a:*', 'x').resource).toBe(
      'log-group:a:*',
    );
  });

  it('a managed policy is AWS’s or an account’s', () => {
    expect(parsePolicyArn('arn:aws:iam::aws:policy/ReadOnlyAccess').account).toBe('aws');
    expect(parsePolicyArn('arn:aws:iam::111122223333:policy/team/mine').account).toBe(
      '111122223333',
    );
    expect(() => parsePolicyArn('arn:aws:iam::someone:policy/x')).toThrow(invalid('policy_arns'));
    expect(() => parsePolicyArn('ReadOnlyAccess')).toThrow(invalid('policy_arns'));
  });

  it('a KMS alias is no key', () => {
    expect(parseKmsKeyArn('arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab').region).toBe(
      'eu-west-1',
    );
    expect(() => parseKmsKeyArn('arn:aws:kms:eu-west-1:111122223333:alias/mine')).toThrow(
      invalid('kms_key_arn'),
    );
  });
});

describe('regions', () => {
  it.each([
    ['us-east-1', 'aws'],
    ['ap-southeast-7', 'aws'],
    ['mx-central-1', 'aws'],
    ['cn-north-1', 'aws-cn'],
    ['us-gov-east-1', 'aws-us-gov'],
    ['us-iso-west-1', 'aws-iso'],
    ['us-isob-east-1', 'aws-iso-b'],
    ['eu-isoe-west-1', 'aws-iso-e'],
    ['eusc-de-east-1', 'aws-eusc'],
  ])('%s is of partition %s', (region, partition) => {
    expect(parseRegion(region)).toBe(region);
    expect(partitionOfRegion(region)).toBe(partition);
    expect(partitionOfRegion(defaultRegionOf(partition))).toBe(partition);
  });

  it.each(['', 'eu', 'eu-west', 'EU-WEST-1', 'eu-west-1a', 'eu-west-1.evil.example', 'eu-west-1/'])(
    'refuses %j',
    (text) => {
      expect(() => parseRegion(text)).toThrow(invalid('region'));
    },
  );
});

describe('buckets', () => {
  it.each([
    ['zenfiles', 's3://zenfiles'],
    ['s3://zenfiles', 's3://zenfiles'],
    ['s3://zenfiles/', 's3://zenfiles'],
    ['zenfiles/*', 's3://zenfiles'],
    ['arn:aws:s3:::zenfiles', 's3://zenfiles'],
    ['arn:aws:s3:::zenfiles/*', 's3://zenfiles'],
    ['s3://zen.files-2/a/b', 's3://zen.files-2/a/b/'],
    ['arn:aws-cn:s3:::zenfiles/a/*', 's3://zenfiles/a/'],
    ['s3://zenfiles/a*b/ü', 's3://zenfiles/a*b/ü/'],
    ['s3://zenfiles/a:b//c', 's3://zenfiles/a:b//c/'],
  ])('%s is %s', (text, canonical) => {
    expect(formatBucketPath(parseBucketPath(text))).toBe(canonical);
    expect(formatBucketPath(parseBucketPath(canonical))).toBe(canonical);
  });

  it.each([
    '',
    'ab',
    'Zenfiles',
    'zen_files',
    '-zenfiles',
    'zenfiles.',
    'zen..files',
    '192.168.0.1',
    'a'.repeat(64),
    'gs://zenfiles',
    'https://zenfiles.s3.amazonaws.com',
    's3://',
    's3:///key',
    'arn:aws:s3:eu-west-1:111122223333:accesspoint/mine',
    'arn:aws:iam:::zenfiles',
    's3://zenfiles/a\nb',
    `s3://zenfiles/${'k'.repeat(1025)}`,
  ])('refuses %j', (text) => {
    expect(() => parseBucketPath(text)).toThrow(invalid('resource_id'));
  });
});
