import { z } from 'zod';

import { ValetkeyError, type ErrorCode } from '../../../core/errors.ts';
import { secret } from '../../../core/secret.ts';
import type { Machine } from '../../contract.ts';
import { keepsSecrets } from '../../outbound/near-hosts.ts';
import { askMetadata } from '../../outbound/metadata-http.ts';
import type { AwsSource } from '../credential-source.ts';
import type { AwsKeys } from './sigv4.ts';
import type { SourceContext } from './source-context.ts';
import { malformed } from './token-format.ts';

const FROM = 'the AWS instance metadata service';
const TIMEOUT_MS = 2_000;
const SESSION_SECONDS = 300; // google-auth-library, DefaultAwsSecurityCredentialsSupplier

const Document = z.object({
  AccessKeyId: z.string().min(1),
  SecretAccessKey: z.string().min(1),
  Token: z.string().min(1).optional(),
});

/** An EC2 instance's own answers. */
export interface AwsMetadata {
  keys(): Promise<AwsKeys>;
  region(): Promise<string>;
}

/**
 * A session of IMDSv2, begun with the first question. Version 1 is never spoken: a configuration
 * without `imdsv2_session_token_url` gets its session where the other URLs are.
 */
export function awsMetadata(source: AwsSource, { machine, signal }: SourceContext): AwsMetadata {
  let session: Promise<string> | undefined;

  const ask = async (url: string, method: 'GET' | 'PUT', headers: Record<string, string>) => {
    const { clock } = machine;
    const where = redirected(url, machine.env);
    const request = { url: where, method, headers, timeout: TIMEOUT_MS, clock, signal };
    const { status, text } = await askMetadata(request);
    if (status === 200) return text.trim();
    throw new ValetkeyError(codeOf(status), {
      subject: FROM,
      reason: `it answered with status ${status}`,
      ...(status === 404 ? { hint: 'attach an instance profile' } : {}),
    });
  };
  const get = async (url: string): Promise<string> => {
    session ??= ask(source.sessionTokenUrl ?? sessionUrl(url), 'PUT', {
      'x-aws-ec2-metadata-token-ttl-seconds': String(SESSION_SECONDS),
    });
    return await ask(url, 'GET', { 'x-aws-ec2-metadata-token': await session });
  };

  return {
    async keys() {
      const url = source.credentialsUrl;
      if (url === undefined) throw missing('url', 'AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY');
      const role = (await get(url)).split('\n')[0] ?? '';
      if (role === '') throw malformed(FROM, 'it names no role');
      return keysIn(await get(`${url.replace(/\/+$/, '')}/${encodeURIComponent(role)}`));
    },
    async region() {
      if (source.regionUrl === undefined) throw missing('region_url', 'AWS_REGION');
      // An availability zone, or a local one: us-east-2b, us-west-2-lax-1a.
      const region = /^[a-z]+(?:-[a-z]+)+-\d+/.exec(await get(source.regionUrl))?.[0];
      if (region === undefined) throw malformed(FROM, 'it names no availability zone');
      return region;
    },
  };
}

function sessionUrl(url: string): string {
  return new URL('/latest/api/token', url).href;
}

function codeOf(status: number): ErrorCode {
  return status >= 500 || status === 429 ? 'UPSTREAM_UNAVAILABLE' : 'UPSTREAM_DENIED';
}

/** AWS's own variable puts another service in place of the usual address. */
function redirected(url: string, env: Machine['env']): string {
  const endpoint = env['AWS_EC2_METADATA_SERVICE_ENDPOINT'] ?? '';
  if (endpoint === '') return url;
  const base = URL.parse(endpoint);
  if (base === null || base.protocol !== 'http:' || !keepsSecrets(base)) {
    throw new ValetkeyError('CONFIG_INVALID', {
      subject: 'AWS_EC2_METADATA_SERVICE_ENDPOINT',
      reason: 'it is no http URL of this machine',
    });
  }
  const { pathname, search } = new URL(url);
  return base.origin + pathname + search;
}

function keysIn(text: string): AwsKeys {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch {
    // The parser's own words would quote a key.
  }
  const result = Document.safeParse(document);
  if (!result.success) throw malformed(FROM, 'it hands out no keys');
  const { AccessKeyId, SecretAccessKey, Token } = result.data;
  return {
    accessKeyId: AccessKeyId,
    secretAccessKey: secret(SecretAccessKey),
    sessionToken: Token === undefined ? undefined : secret(Token),
  };
}

function missing(field: string, variables: string): ValetkeyError {
  return new ValetkeyError('SECRET_MISSING', {
    subject: `credential_source.${field}`,
    reason: 'the configuration does not say where an instance tells it',
    hint: `give the daemon ${variables}`,
  });
}
