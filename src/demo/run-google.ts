import { onPath, row, run, runScript, surprises } from './client.ts';
import type { ClientResult, Environment } from './client.ts';
import { BUCKET, KEY, OTHER_BUCKET } from './cloud.ts';

/** Google's auth library for Node.js, which comes with this package. */
export async function runGoogleLibrary(env: Environment, storage: string): Promise<ClientResult> {
  const client = 'Google auth library for Node.js';
  const seen = await runScript('google-client', [storage, BUCKET, OTHER_BUCKET, KEY], env);
  if ('failure' in seen) {
    return { client, lines: [], accessKeyId: undefined, problems: [seen['failure'] ?? ''] };
  }
  return {
    client,
    accessKeyId: undefined,
    lines: [
      row('who am I', seen['email']),
      row(`read gs://${BUCKET}/${KEY}`, seen['readOwn']),
      row(`write gs://${BUCKET}/new`, seen['writeOwn']),
      row(`read gs://${OTHER_BUCKET}/${KEY}`, seen['readOther']),
    ],
    problems: surprises(seen, { readOwn: 'ok', writeOwn: '403', readOther: '403' }),
  };
}

/** gcloud, where the machine has it; `undefined` where it has not. */
export async function runGcloud(env: Environment): Promise<ClientResult | undefined> {
  const gcloud = await onPath('gcloud', env['PATH'] ?? '');
  if (gcloud === undefined) return undefined;
  const own = await run(gcloud, ['storage', 'ls', `gs://${BUCKET}/`], env);
  const other = await run(gcloud, ['storage', 'ls', `gs://${OTHER_BUCKET}/`], env);
  const denied = /403|does not have permission/.test(other.stderr);
  return {
    client: 'gcloud',
    accessKeyId: undefined,
    lines: [
      row(`storage ls gs://${BUCKET}/`, own.stdout.trim() || own.stderr.trim()),
      row(`storage ls gs://${OTHER_BUCKET}/`, denied ? '403' : `exit ${other.status}`),
    ],
    problems: [
      ...(own.status === 0 && own.stdout.includes(KEY) ? [] : ['it could not list its own bucket']),
      ...(denied ? [] : ['it was not denied the other bucket']),
    ],
  };
}
