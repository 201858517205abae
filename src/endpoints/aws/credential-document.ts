import { ofKind } from '../../core/credential.ts';
import type { AwsSession, Issued } from '../../core/credential.ts';
import { ValetkeyError } from '../../core/errors.ts';
import { jsonAnswer } from '../answer.ts';
import type { Answer } from '../contract.ts';

/** Longest wait for a cold credential, ms. Many container clients give up after 1 s (reference 0.4). */
export const CONTAINER_WAIT_MS = 800;

/** ms since the epoch as `YYYY-MM-DDTHH:MM:SSZ`: no fraction, no offset; rounded down, never late. */
export function isoSeconds(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}

/** The fields all container protocols share; each is a non-empty string, none is ever null. */
function sessionFields(credential: AwsSession): Record<string, string> {
  return {
    AccessKeyId: credential.accessKeyId,
    SecretAccessKey: credential.secretAccessKey,
    Token: credential.sessionToken,
    Expiration: isoSeconds(credential.expiresAt),
    // A gateway that speaks STS without accounts (Ceph) tells none; an empty one would mislead.
    ...(credential.accountId === '' ? {} : { AccountId: credential.accountId }),
  };
}

/** ECS task credentials. No `Code`: Rust takes any value but `Success` for an error. */
export function ecsDocument(credential: AwsSession): Answer {
  const { roleArn } = credential;
  return jsonAnswer(200, {
    ...(roleArn === undefined ? {} : { RoleArn: roleArn }),
    ...sessionFields(credential),
  });
}

/** EKS Pod Identity: the same without the role. */
export function podIdentityDocument(credential: AwsSession): Answer {
  return jsonAnswer(200, sessionFields(credential));
}

/**
 * EC2 instance metadata. `LastUpdated` must not lie in the future: s3cmd would ask again for every
 * request. https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instance-metadata-security-credentials.html
 */
export function imdsDocument(credential: AwsSession, now: number): Answer {
  return jsonAnswer(200, {
    Code: 'Success',
    LastUpdated: isoSeconds(Math.min(credential.issuedAt, now)),
    Type: 'AWS-HMAC',
    ...sessionFields(credential),
  });
}

/**
 * Documents by credential: encoded on first use, dropped with the credential. Refuses one that has
 * expired, whoever let it through (a laptop that has just woken up).
 */
export function createDocuments(
  now: () => number,
  encode: (credential: AwsSession, now: number) => Answer,
): (issued: Issued) => Answer {
  const encoded = new WeakMap<AwsSession, Answer>();
  return (issued) => {
    const credential = ofKind(issued.credential, 'aws-session');
    const at = now();
    if (credential.expiresAt <= at) {
      throw new ValetkeyError('UPSTREAM_UNAVAILABLE', {
        reason: 'the credential at hand has expired',
      });
    }
    let document = encoded.get(credential);
    if (document === undefined) {
      document = encode(credential, at);
      encoded.set(credential, document);
    }
    return document;
  };
}
