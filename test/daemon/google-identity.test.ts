import { expect, test } from 'vitest';

import { testDaemon } from '../support/daemon.ts';
import { testGoogle } from '../support/google.ts';

test('the issuer makes no identity token for single resources, whoever asks it', async () => {
  const world = await testGoogle();
  const daemon = await testDaemon({ env: world.env, clock: world.clock });
  await daemon.api.register({
    name: 'gcp-dev',
    type: 'gcp',
    auth_method: 'service-account',
    attributes: world.keyAttributes,
  });
  const ask = (resource: { type: string; id?: string; access: 'read' | 'full' }) =>
    daemon.api.issue({
      request: {
        connector: 'gcp-dev',
        resources: [resource],
        token: { kind: 'id-token', audience: 'https://a.example' },
      },
      evidence: { workload: 'test', by: 'control', endpoint: 'test' },
    });
  const bucket = ask({ type: 'gcs-bucket', id: 'gs://zenfiles', access: 'read' });
  await expect(bucket).rejects.toMatchObject({ code: 'ID_TOKEN_UNSUPPORTED' });
  const whole = await ask({ type: 'gcp-generic', access: 'full' });
  expect(whole.credential).toMatchObject({ kind: 'id-token', audience: 'https://a.example' });
});
