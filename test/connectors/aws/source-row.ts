import type { AwsHome } from './aws-home.ts';

export interface SourceRow extends AwsHome {
  readonly name: string;
  /** The profile asked for; absent: the default chain. */
  readonly profile?: string;
  readonly expect: Summary | { readonly error: string; readonly subject: string };
}

/** The base in a word, the roles first to last. */
export interface Summary {
  readonly base: string;
  readonly roles?: readonly string[];
  readonly borrowed?: boolean;
  readonly region?: string | undefined;
}

export const KEYS =
  'aws_access_key_id = AKIAPLAINPLAINPLAIN1\naws_secret_access_key = secret-one-secret-one\n';
export const OTHER =
  'aws_access_key_id = AKIAOTHEROTHEROTHER2\naws_secret_access_key = secret-two-secret-two\n';
export const TEMPORARY =
  'aws_access_key_id = ASIATEMPORARY0000001\naws_secret_access_key = secret-tmp-secret-tmp\naws_session_token = token-token\n';
export const role = (name: string): string => `arn:aws:iam::111122223333:role/${name}`;
export const KEYS_IN_ENV = {
  AWS_ACCESS_KEY_ID: 'AKIAENVENVENVENV0003',
  AWS_SECRET_ACCESS_KEY: 's3',
};
