import { z } from 'zod';

import { secret, type Secret } from '../../core/secret.ts';
import { keepsSecrets, namesNobody } from '../outbound/near-hosts.ts';

/*
 * `credential_source` of an external account: where the token comes from that Google exchanges.
 * https://google.aip.dev/auth/4117
 */

/** How a file or an answer holds the token: all of it, or in one field of a JSON object. */
export type TokenFormat =
  | { readonly type: 'text' }
  | { readonly type: 'json'; readonly field: string };

export interface FileSource {
  readonly kind: 'file';
  readonly path: string;
  readonly format: TokenFormat;
}

export interface UrlSource {
  readonly kind: 'url';
  readonly url: URL;
  readonly headers: Readonly<Record<string, Secret>>;
  readonly format: TokenFormat;
}

export interface AwsSource {
  readonly kind: 'aws';
  /** `{region}` stands for the region. */
  readonly verificationUrl: string;
  /** Of the instance metadata service; needed where the daemon's variables do not say it. */
  readonly credentialsUrl: string | undefined;
  readonly regionUrl: string | undefined;
  readonly sessionTokenUrl: string | undefined;
}

export interface ExecutableSource {
  readonly kind: 'executable';
  readonly command: string;
  readonly timeoutMs: number;
  readonly outputFile: string | undefined;
}

export type CredentialSource = FileSource | UrlSource | AwsSource | ExecutableSource;

/** Google's own libraries take no others: keys come from there. */
const AWS_METADATA_HOSTS = new Set(['169.254.169.254', '[fd00:ec2::254]']);
const AWS_STS_URL =
  'https://sts.{region}.amazonaws.com?Action=GetCallerIdentity&Version=2011-06-15';
/** With another host or action the signature would be good for something else than to say who signed. */
const AWS_STS_URLS =
  /^https:\/\/sts(?:-fips)?(?:\.(?:\{region\}|[a-z0-9-]+))?\.amazonaws\.com(?:\.cn)?\/?\?Action=GetCallerIdentity&Version=2011-06-15$/;

const text = z.string().min(1);
const metadataUrl = z.url({ error: 'it is no URL', abort: true }).refine((url) => {
  const { protocol, hostname, port } = new URL(url);
  return protocol === 'http:' && port === '' && AWS_METADATA_HOSTS.has(hostname);
}, 'it must be http on 169.254.169.254 or [fd00:ec2::254]');

const format = z
  .object({
    type: z.enum(['text', 'json']).default('text'),
    subject_token_field_name: text.optional(),
  })
  .transform(({ type, subject_token_field_name: field }, ctx): TokenFormat => {
    if (type === 'text') return { type };
    if (field !== undefined) return { type, field };
    ctx.addIssue({
      code: 'custom',
      path: ['subject_token_field_name'],
      message: 'it is required where the type is json',
    });
    return z.NEVER;
  })
  .default({ type: 'text' });

const file = z
  .object({ file: text, format })
  .transform((source): FileSource => ({ kind: 'file', path: source.file, format: source.format }));

const url = z
  .object({
    url: z
      .url({ protocol: /^https?$/, error: 'use an https:// URL', abort: true })
      .refine(namesNobody, 'it carries a user and a password: use headers')
      .refine((value) => keepsSecrets(new URL(value)), 'use https: plain http is for this machine'),
    headers: z
      .record(
        z.string().regex(/^[!#$%&'*+.^`|~\w-]+$/, 'this is no name of a header'),
        z.string().regex(/^[\t\u0020-\u007e]*$/, 'a header has printable characters only'),
      )
      .default({}),
    format,
  })
  .transform((source): UrlSource => {
    const headers = Object.entries(source.headers).map(([name, value]) => [name, secret(value)]);
    const { url: address, format: shape } = source;
    const hidden: UrlSource['headers'] = Object.fromEntries(headers);
    return { kind: 'url', url: new URL(address), headers: hidden, format: shape };
  });

const aws = z
  .object({
    environment_id: z.literal('aws1', 'only aws1 is known'),
    regional_cred_verification_url: z
      .string()
      .regex(AWS_STS_URLS, 'it must ask AWS STS for GetCallerIdentity, and nothing else')
      .default(AWS_STS_URL),
    url: metadataUrl.optional(),
    region_url: metadataUrl.optional(),
    imdsv2_session_token_url: metadataUrl.optional(),
  })
  .transform((source): AwsSource => ({
    kind: 'aws',
    verificationUrl: source.regional_cred_verification_url,
    credentialsUrl: source.url,
    regionUrl: source.region_url,
    sessionTokenUrl: source.imdsv2_session_token_url,
  }));

const executable = z
  .object({
    executable: z.object({
      command: text,
      timeout_millis: z
        .int()
        .min(5_000, 'it must be 5000 to 120000')
        .max(120_000, 'it must be 5000 to 120000')
        .default(30_000),
      output_file: text.optional(),
    }),
  })
  .transform(({ executable: { command, timeout_millis, output_file } }): ExecutableSource => ({
    kind: 'executable',
    command,
    timeoutMs: timeout_millis,
    outputFile: output_file,
  }));

const SOURCES = { file, url, aws, executable } as const;

/** The kinds that an object could be meant as. An AWS source has a `url` too. */
function kindsOf(source: Readonly<Record<string, unknown>>): readonly string[] {
  const kinds = ['file', 'executable', 'certificate'].filter((kind) => source[kind] !== undefined);
  if (source['environment_id'] !== undefined) return [...kinds, 'aws'];
  return source['url'] === undefined ? kinds : [...kinds, 'url'];
}

export const credentialSource = z
  .record(z.string(), z.unknown(), 'it must be an object')
  .transform((source, ctx): CredentialSource => {
    const refuse = (message: string) => {
      ctx.addIssue({ code: 'custom', message });
      return z.NEVER;
    };
    const kinds = kindsOf(source);
    if (kinds.length !== 1) {
      return refuse('it needs exactly one of file, url, environment_id and executable');
    }
    const [kind = ''] = kinds;
    if (!(kind in SOURCES)) return refuse('X.509 certificates as a source are not supported');
    const result = SOURCES[kind as keyof typeof SOURCES].safeParse(source);
    if (result.success) return result.data;
    for (const { path, message } of result.error.issues) {
      ctx.addIssue({ code: 'custom', path, message });
    }
    return z.NEVER;
  });
