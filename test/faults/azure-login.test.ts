import { expect, test } from 'vitest';

import { fieldsOfJson } from '../support/json.ts';
import { azureBed, STORAGE, tokenIn, VAULT } from './azure-bed.ts';
import type { AzureBed, Reply } from './azure-bed.ts';

/* A person's login while clients are served: whose token it is, and what is left of it afterwards. */

const REFRESH = 'entra:refresh';

const byPerson = () =>
  azureBed({
    connector: ({ userAttributes: attributes }) => ({ auth_method: 'user-account', attributes }),
  });

async function logIn(bed: AzureBed, upn: string): Promise<void> {
  const { flow, prompt } = await bed.daemon.api.loginStart({ name: 'azure-dev' });
  const code = prompt?.kind === 'device' ? prompt.userCode : '';
  bed.azure.devices.confirm(code, upn);
  const finished = bed.daemon.api.loginFinish({ flow: String(flow) });
  await passing(bed, finished);
}

/** Lets time go on until `work` is done. */
async function passing<T>({ clock }: AzureBed, work: Promise<T>): Promise<T> {
  const state = { done: false };
  void work.finally(() => (state.done = true)).catch(() => {});
  while (!state.done) {
    await clock.advance(1_000);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  return work;
}

function nameIn(reply: Reply): unknown {
  const [, payload = ''] = String(tokenIn(reply)).split('.');
  return fieldsOfJson(Buffer.from(payload, 'base64url').toString('utf8'))['upn'];
}

test('nobody has logged in: 400, and Entra is not asked', async () => {
  const bed = await byPerson();
  const refused = await bed.imds();
  expect(refused.status).toBe(400);
  expect(refused.body).toContain('valetkey connector login azure-dev');
  expect(bed.exchanges()).toBe(0);
});

test('a renewal of the earlier person’s that ends late does not bring that person back', async () => {
  const bed = await byPerson();
  const bob = bed.azure.directory.addUser({ tenant: bed.tenant.id, upn: 'bob@example.com' });
  await logIn(bed, bed.person.upn);
  expect(nameIn(await bed.imds(STORAGE))).toBe(bed.person.upn);

  // Under way for Ada while Bob logs in; it is answered after he has.
  bed.azure.faults.add(REFRESH, { kind: 'slow', milliseconds: 9_000 }, 1);
  const late = bed.imds(VAULT);
  while (bed.azure.calls.count(REFRESH) < 2) await new Promise((resolve) => setTimeout(resolve, 2));
  await logIn(bed, bob.upn);
  await bed.clock.advance(10_000);
  await late;

  expect(nameIn(await bed.imds(STORAGE))).toBe(bob.upn);
  expect(nameIn(await bed.imds(VAULT))).toBe(bob.upn);
});

test('sessions are revoked while many work: one question, a clear answer, and a new login mends it', async () => {
  const bed = await byPerson();
  await logIn(bed, bed.person.upn);
  bed.person.revoke();
  const crowd = await Promise.all(Array.from({ length: 100 }, () => bed.imds()));
  expect(new Set(crowd.map(({ status }) => status))).toEqual(new Set([400]));
  expect(crowd[0]?.body).toContain('AADSTS50173');
  expect(crowd[0]?.body).toContain('valetkey connector login');
  expect(bed.azure.calls.count(REFRESH)).toBe(1);
  expect(bed.logged('failed')).toHaveLength(1);
  await logIn(bed, bed.person.upn);
  expect((await bed.imds()).status).toBe(200);
});
