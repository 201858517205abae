import { row, runScript, surprises } from './client.ts';
import type { ClientResult, Environment } from './client.ts';
import { AUDIENCE, BUCKET, KEY, OTHER_AUDIENCE } from './cloud.ts';
import type { DemoAzure } from './cloud.ts';

/** Microsoft's identity library for JavaScript, which comes with this package. */
export async function runAzureIdentity(
  env: Environment,
  { blobs, clientId }: DemoAzure,
): Promise<ClientResult> {
  const client = 'Azure identity library for JavaScript';
  const args = [`${blobs}/${BUCKET}/${KEY}`, AUDIENCE, OTHER_AUDIENCE];
  const seen = await runScript('azure-client', args, env);
  if ('failure' in seen) {
    return { client, lines: [], accessKeyId: undefined, problems: [seen['failure'] ?? ''] };
  }
  return {
    client,
    accessKeyId: undefined,
    lines: [
      row('who am I', seen['client']),
      row(`read ${BUCKET}/${KEY}`, seen['readOwn']),
      row(`write ${BUCKET}/${KEY}`, seen['writeOwn']),
      row('token for Resource Manager', seen['otherAudience']),
    ],
    problems: surprises(seen, {
      client: clientId,
      readOwn: 'ok',
      writeOwn: '403',
      otherAudience: 'CredentialUnavailableError',
    }),
  };
}
