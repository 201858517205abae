import { Agent, request } from 'undici';
import { expect, onTestFinished, test } from 'vitest';

import { openInProcess } from '../../../src/composition/in-process.ts';
import { startAzurite } from '../../beds/azurite.ts';
import { testAzure } from '../../support/azure.ts';
import { temporaryHome } from '../../support/home.ts';

test('Microsoft’s emulator lists, gives a key for our token, and takes what we sign with it', async () => {
  const azurite = await startAzurite();
  onTestFinished(azurite.stop);
  const world = await testAzure({ systemTime: true });
  const home = await temporaryHome();
  const { api, stop } = await openInProcess({
    version: 'test',
    env: {
      ...world.env,
      VALETKEY_HOME: home,
      HOME: home,
      VALETKEY_STORE: 'memory',
      VALETKEY_AZURE_BLOB_ENDPOINT: azurite.url,
      REQUESTS_CA_BUNDLE: azurite.certFile,
    },
  });
  onTestFinished(stop);
  const dispatcher = new Agent({ connect: { ca: azurite.cert } });
  onTestFinished(() => dispatcher.close());

  const { token } = await world.tokenAttributes('https://storage.azure.com');
  const blob = { 'x-ms-blob-type': 'BlockBlob', 'x-ms-version': '2023-11-03' };
  const ask = async (
    path: string,
    { bearer = false, body }: { readonly bearer?: boolean; readonly body?: string } = {},
  ) => {
    const answer = await request(`${azurite.url}/${path}`, {
      dispatcher,
      method: body === undefined ? 'GET' : 'PUT',
      headers: { ...blob, ...(bearer ? { authorization: `Bearer ${token ?? ''}` } : {}) },
      ...(body === undefined ? {} : { body }),
    });
    return { status: answer.statusCode, text: await answer.body.text() };
  };
  expect((await ask('zenfiles?restype=container', { bearer: true, body: '' })).status).toBe(201);
  expect((await ask('zenfiles/runs/1.txt', { bearer: true, body: 'one' })).status).toBe(201);
  expect((await ask('zenfiles/runs/1.txt')).status).not.toBe(200);

  await api.register({
    name: 'azure-dev',
    type: 'azure',
    auth_method: 'service-principal',
    attributes: { ...world.secretAttributes, storage_account: 'devstoreaccount1' },
    resource_type: 'blob-container',
    resource_id: 'zenfiles',
  });
  await api.register({
    name: 'azure-all',
    type: 'azure',
    auth_method: 'service-principal',
    attributes: { ...world.secretAttributes, storage_account: 'devstoreaccount1' },
    verify: false,
  });
  const listing = { name: 'azure-all', resource_type: 'blob-container' };
  const [row] = await api.listResources(listing);
  expect(row?.resourceIds).toEqual(['az://devstoreaccount1/zenfiles']);

  const signed = { name: 'azure-dev', resource_id: 'zenfiles', permissions: 'rl', seconds: 900 };
  for (const more of [{}, { ip: '127.0.0.1', https_only: true }]) {
    const { query } = await api.sas({ ...signed, ...more });
    expect(await ask(`zenfiles/runs/1.txt?${query}`)).toEqual({ status: 200, text: 'one' });
    const list = await ask(`zenfiles?restype=container&comp=list&${query}`);
    expect(list.text).toContain('<Name>runs/1.txt</Name>');
    expect((await ask(`zenfiles/runs/2.txt?${query}`, { body: 'two' })).status).toBe(403);
    const wider = query.replace('sp=rl', 'sp=rwl');
    expect((await ask(`zenfiles/runs/1.txt?${wider}`)).status).toBe(403);
  }
});
