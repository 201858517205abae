import { createServer } from 'node:http';

import { describe, expect, it, onTestFinished } from 'vitest';

import { OWN_ANSWER_HEADER } from '../../../src/core/own-answer.ts';
import { failureOf, issueBy, onMachine, openBed, STORAGE, type Ask, type Bed } from './bed.ts';
import { asked, imds, type Instead } from './imds-bed.ts';

const METHOD = 'managed-identity';
const RESOURCE_ID =
  '/subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/rg/providers/Microsoft.ManagedIdentity/userAssignedIdentities/robot';

const issue = async (bed: Bed, ask: Partial<Ask> = {}) => await issueBy(METHOD, bed, ask);

async function machineBed(instead?: Instead) {
  const base = await openBed();
  const server = await imds(base, instead);
  const bed = onMachine(base, {
    env: { AZURE_POD_IDENTITY_AUTHORITY_HOST: server.url },
    allow: [base.app.objectId],
  });
  return { ...bed, server };
}

describe('the identity of a virtual machine', () => {
  it('is asked for by the metadata service’s own rules', async () => {
    const bed = await machineBed();
    const token = await issue(bed, { scopes: [`${STORAGE}//.default`] });
    expect(token).toMatchObject({
      account: bed.tenant.id,
      principal: bed.app.clientId,
      scopes: [`${STORAGE}//.default`],
    });
    expect(token.expiresAt).toBeGreaterThan(bed.clock.now());
    expect(bed.server.seen).toHaveLength(2);
    expect(bed.server.seen[0]?.headers['metadata']).toBeUndefined();
    expect(asked(bed.server)).toMatchObject([
      {
        path: '/metadata/identity/oauth2/token',
        query: { 'api-version': '2018-02-01', resource: `${STORAGE}/` },
        headers: { metadata: 'true' },
      },
    ]);
  });

  it('is chosen by one selector', async () => {
    const bed = await machineBed();
    const { clientId, objectId } = bed.app;
    const ids = { object_id: objectId, identity_resource_id: RESOURCE_ID };
    for (const config of [
      { ...ids, client_id: clientId },
      ids,
      { identity_resource_id: RESOURCE_ID },
    ]) {
      await issue(bed, { config });
    }
    const selectors = asked(bed.server).map(
      ({ query: { resource: _resource, 'api-version': _version, ...rest } }) => rest,
    );
    expect(selectors).toEqual([
      { client_id: clientId },
      { object_id: objectId },
      { msi_res_id: RESOURCE_ID },
    ]);
  });

  it('is the one that was chosen, or refused', async () => {
    const bed = await machineBed();
    for (const field of ['client_id', 'object_id']) {
      const config = { [field]: crypto.randomUUID() };
      expect(await failureOf(issue(bed, { config }))).toMatchObject({ code: 'IMPLICIT_FORBIDDEN' });
    }
  });

  it('is App Service’s where its variables say so', async () => {
    const base = await openBed();
    const server = await imds(base);
    const bed = onMachine(base, {
      env: { IDENTITY_ENDPOINT: `${server.url}/msi/token/`, IDENTITY_HEADER: 'hush' },
      allow: [base.app.clientId.toUpperCase()],
    });
    await issue(bed, { config: { identity_resource_id: RESOURCE_ID } });
    expect(asked(server)).toMatchObject([
      {
        path: '/msi/token/',
        query: { 'api-version': '2019-08-01', mi_res_id: RESOURCE_ID },
        headers: { 'x-identity-header': 'hush' },
      },
    ]);
  });

  it('tells its end by a date where it tells no seconds', async () => {
    const bed = await machineBed();
    const on = Math.floor(bed.clock.now() / 1000) + 1234;
    const body = { access_token: (await issue(bed)).token, expires_on: String(on) };
    const dated = await machineBed(() => ({ status: 200, body: JSON.stringify(body) }));
    const allowed = onMachine(dated, { allow: [bed.app.objectId] });
    expect((await issue(allowed)).expiresAt).toBe(on * 1000);
  });
});

describe('nobody borrows it', () => {
  it('unless the policy lists whose it is', async () => {
    const bed = await machineBed();
    const { objectId, clientId } = bed.app;
    for (const allow of [[], [crypto.randomUUID()], ['robot'], [bed.tenant.id]]) {
      expect(await failureOf(issue(onMachine(bed, { allow })))).toMatchObject({
        code: 'IMPLICIT_FORBIDDEN',
      });
    }
    for (const allow of [[objectId], [clientId]]) await issue(onMachine(bed, { allow }));
  });

  it('when its token says nothing of whose it is', async () => {
    const body = JSON.stringify({ access_token: 'opaque', expires_in: '3600' });
    const bed = await machineBed(() => ({ status: 200, body }));
    expect(await failureOf(issue(bed))).toMatchObject({ code: 'IMPLICIT_FORBIDDEN' });
  });
});

describe('what goes wrong there', () => {
  it.each([
    [
      400,
      '{"error":"invalid_request","error_description":"Identity not found"}',
      'UPSTREAM_INVALID',
      'invalid_request',
    ],
    [
      400,
      '{"error":"unauthorized_client","error_description":"AADSTS700016: no"}',
      'UPSTREAM_INVALID',
      'AADSTS700016',
    ],
    [403, 'no', 'UPSTREAM_DENIED', undefined],
    [404, '', 'UPSTREAM_UNAVAILABLE', undefined],
    [410, '', 'UPSTREAM_UNAVAILABLE', undefined],
    [429, '{"error":"too_many_requests"}', 'UPSTREAM_THROTTLED', 'too_many_requests'],
    [500, '', 'UPSTREAM_UNAVAILABLE', undefined],
    [302, '', 'UPSTREAM_MALFORMED', undefined],
    [200, '', 'UPSTREAM_MALFORMED', undefined],
    [200, '{"access_token":"x"}', 'UPSTREAM_MALFORMED', undefined],
    [200, '{"access_token":"x","expires_on":"1"}', 'UPSTREAM_MALFORMED', undefined],
    [200, '{"access_token":"x y","expires_in":"60"}', 'UPSTREAM_MALFORMED', undefined],
  ])('%i %s is %s', async (status, body, code, upstreamCode) => {
    const bed = await machineBed(() => ({ status, body }));
    expect(await failureOf(issue(bed))).toMatchObject({ code, upstreamCode });
  });

  it('is told when nobody answers', async () => {
    const bed = await openBed();
    const env = { AZURE_POD_IDENTITY_AUTHORITY_HOST: 'http://127.0.0.1:9' };
    expect(
      await failureOf(issue(onMachine(bed, { env, allow: [bed.app.objectId] }))),
    ).toMatchObject({
      code: 'UPSTREAM_UNAVAILABLE',
    });
  });

  it.each(['http://metadata.example', 'ftp://127.0.0.1', 'nonsense'])(
    'nobody further away is asked: %s',
    async (host) => {
      const bed = onMachine(await openBed(), {
        allow: ['x'],
        env: { AZURE_POD_IDENTITY_AUTHORITY_HOST: host },
      });
      expect(await failureOf(issue(bed))).toMatchObject({
        code: 'CONFIG_INVALID',
        subject: 'AZURE_POD_IDENTITY_AUTHORITY_HOST',
      });
    },
  );

  it('a daemon that finds itself asks itself for nothing', async () => {
    const seen: string[] = [];
    const own = createServer((request, response) => {
      seen.push(String(request.url));
      response.writeHead(400, { [OWN_ANSWER_HEADER]: '1' }).end();
    });
    await new Promise<void>((resolve) => own.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void own.close());
    const address = own.address();
    const port = typeof address === 'object' ? address?.port : undefined;
    const env = { AZURE_POD_IDENTITY_AUTHORITY_HOST: `http://127.0.0.1:${port}` };
    const bed = onMachine(await openBed(), { env, allow: ['x'] });
    expect(await failureOf(issue(bed))).toMatchObject({
      code: 'CONFIG_INVALID',
      reason: expect.stringMatching(/valetkey daemon/),
    });
    expect(seen).toEqual(['/metadata/identity/oauth2/token']);
  });
});
