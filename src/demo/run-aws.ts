import { onPath, row, run, runScript, surprises } from './client.ts';
import type { ClientResult, Environment } from './client.ts';
import { BUCKET, KEY, OTHER_BUCKET } from './cloud.ts';

/** The AWS SDK for JavaScript v3, which comes with this package. */
export async function runAwsSdk(env: Environment): Promise<ClientResult> {
  const client = 'AWS SDK for JavaScript v3';
  const seen = await runScript('aws-client', [BUCKET, OTHER_BUCKET, KEY], env);
  if ('failure' in seen) {
    return { client, lines: [], accessKeyId: undefined, problems: [seen['failure'] ?? ''] };
  }
  return {
    client,
    accessKeyId: seen['accessKeyId'],
    lines: [
      row('who am I', seen['arn']),
      row(`read s3://${BUCKET}/${KEY}`, seen['readOwn']),
      row(`write s3://${BUCKET}/new`, seen['writeOwn']),
      row(`read s3://${OTHER_BUCKET}/${KEY}`, seen['readOther']),
    ],
    problems: surprises(seen, {
      readOwn: 'ok',
      writeOwn: 'AccessDenied',
      readOther: 'AccessDenied',
    }),
  };
}

/** The AWS CLI, where the machine has one; `undefined` where it has none. */
export async function runAwsCli(env: Environment): Promise<ClientResult | undefined> {
  const cli = await onPath('aws', env['PATH'] ?? '');
  if (cli === undefined) return undefined;
  const own = await run(cli, ['s3', 'ls', `s3://${BUCKET}/`], env);
  const other = await run(cli, ['s3', 'ls', `s3://${OTHER_BUCKET}/`], env);
  const denied = other.stderr.includes('AccessDenied');
  return {
    client: 'AWS CLI',
    accessKeyId: undefined,
    lines: [
      row(`s3 ls s3://${BUCKET}/`, own.stdout.trim() || own.stderr.trim()),
      row(`s3 ls s3://${OTHER_BUCKET}/`, denied ? 'AccessDenied' : `exit ${other.status}`),
    ],
    problems: [
      ...(own.status === 0 && own.stdout.includes(KEY) ? [] : ['it could not list its own bucket']),
      ...(denied ? [] : ['it was not denied the other bucket']),
    ],
  };
}
