import { ACCOUNT, caller } from '../../support/endpoint-world.ts';

export const ROLES = '/latest/meta-data/iam/security-credentials';
export const TTL = 'X-aws-ec2-metadata-token-ttl-seconds';
export const TOKEN = { 'X-aws-ec2-metadata-token': '{token}' };
export const PLAIN = { 'content-type': 'text/plain' };

export const DOCUMENT = {
  Code: 'Success',
  LastUpdated: '2026-11-02T09:00:00Z',
  Type: 'AWS-HMAC',
  AccessKeyId: 'ASIAMAINEXAMPLE00000',
  SecretAccessKey: /^plantedSecretAccessKey/,
  Token: /^plantedSessionToken/,
  Expiration: '2026-11-02T10:00:00Z',
  AccountId: ACCOUNT,
};
export const text = (body: string | RegExp) => ({ status: 200, headers: PLAIN, body });
export const UNAUTHORIZED = { status: 401, headers: PLAIN };
export const v1 = (world: { caller: ReturnType<typeof caller> }): void => {
  world.caller = caller({ imdsV1: true });
};
