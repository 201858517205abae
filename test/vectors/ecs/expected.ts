import { ACCOUNT } from '../../support/endpoint-world.ts';

export const SIGNED = { Authorization: '{secret}' };
export const CREDENTIALS = {
  AccessKeyId: 'ASIAMAINEXAMPLE00000',
  SecretAccessKey: /^plantedSecretAccessKey/,
  Token: /^plantedSessionToken/,
  Expiration: /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/,
  AccountId: ACCOUNT,
  RoleArn: `arn:aws:iam::${ACCOUNT}:role/Reader`,
};
export const GOOD = {
  status: 200,
  headers: { 'content-type': 'application/json' },
  json: CREDENTIALS,
};
export const DENIED = {
  status: 403,
  headers: { 'content-type': 'application/json' },
  json: { code: 'AccessDenied', Code: 'AccessDenied', message: /./, Message: /./ },
};
export const refused = (status: number) => ({
  status,
  headers: { 'content-type': 'application/json' },
  json: { code: /./, message: 'the request is refused' },
});
