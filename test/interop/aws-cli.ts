import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { z } from 'zod';

import { run, type Env, type Outcome } from '../beds/process.ts';
import type { Verb } from './clients.ts';

interface Setting {
  readonly command: readonly string[];
  readonly env: Env;
  /** An empty folder for the objects' bodies. */
  readonly dir: string;
  /** CLI 2 before 2.13 does not read `AWS_ENDPOINT_URL…` and must be told. */
  readonly knowsEndpointVariables: boolean;
  readonly timeoutMs: number;
}

interface Way {
  readonly words: readonly string[];
  readonly service?: 'STS' | 'S3';
  /** From what the CLI printed to what the other client programs print. */
  readonly read: (stdout: string) => unknown;
}

const Identity = z.object({ Arn: z.string(), Account: z.string() });
const Listing = z.object({ Contents: z.array(z.object({ Key: z.string() })).default([]) });

/** Runs one verb with the AWS CLI and answers in the shape of the client programs. */
export async function awsCli(
  verb: Verb,
  args: readonly string[],
  setting: Setting,
): Promise<Outcome> {
  const { command, env, dir, timeoutMs } = setting;
  const body = join(dir, 'body');
  await writeFile(body, 'put by the AWS CLI');
  const { words, service, read } = wayOf(verb, args, body);
  const endpoint = service && (env[`AWS_ENDPOINT_URL_${service}`] ?? env['AWS_ENDPOINT_URL']);
  const told = endpoint && !setting.knowsEndpointVariables ? ['--endpoint-url', endpoint] : [];
  const [first = '', ...rest] = [...command, ...words, ...told];
  const outcome = await run(first, rest, { env: { AWS_PAGER: '', ...env }, timeoutMs });
  if (outcome.status !== 0) return refusal(outcome);
  const shape = verb === 's3-get' ? { body: await readFile(body, 'utf8') } : read(outcome.stdout);
  return { ...outcome, stdout: `${JSON.stringify(shape)}\n` };
}

function refusal({ stderr }: Outcome): Outcome {
  const error = /An error occurred \((\w+)\)/.exec(stderr)?.[1] ?? 'Unknown';
  const stdout = `${JSON.stringify({ error, message: stderr.trim() })}\n`;
  return { status: error === 'AccessDenied' ? 3 : 1, stdout, stderr };
}

function wayOf(verb: Verb, [bucket = '', key = '']: readonly string[], body: string): Way {
  const object = ['--bucket', bucket, '--key', key];
  switch (verb) {
    case 'identity':
      return {
        words: ['sts', 'get-caller-identity', '--output', 'json'],
        service: 'STS',
        read: (stdout) => {
          const { Arn, Account } = Identity.parse(JSON.parse(stdout));
          return { arn: Arn, account: Account };
        },
      };
    case 'creds':
      return { words: ['configure', 'list'], read: readConfigureList };
    case 's3-ls':
      return {
        words: ['s3api', 'list-objects-v2', '--bucket', bucket, '--output', 'json'],
        service: 'S3',
        read: (stdout) => {
          // An empty listing is printed as nothing at all.
          const { Contents } = Listing.parse(JSON.parse(stdout || '{}'));
          return { keys: Contents.map((item) => item.Key) };
        },
      };
    case 's3-get':
      return { words: ['s3api', 'get-object', ...object, body], service: 'S3', read: () => ({}) };
    case 's3-put':
      return {
        words: ['s3api', 'put-object', ...object, '--body', body],
        service: 'S3',
        read: () => ({ put: key }),
      };
    case 'loop-get':
      throw new Error('each call of the CLI is a process of its own: nothing lasts for a loop');
    default:
      return verb satisfies never;
  }
}

/** `access_key     ****************ABCD   container-role`: only the last four signs, and no expiry. */
function readConfigureList(stdout: string): unknown {
  const [, accessKeyId, provider] = /access_key\s*:?\s*(\S+)\s*:?\s*(\S+)/.exec(stdout) ?? [];
  return { provider, accessKeyId, hasToken: null, expiration: null };
}
