import { expect, it } from 'vitest';

import gcpGeneric from '../../../src/connectors/gcp/resource-types/gcp-generic.ts';
import { localServer } from '../aws/local-server.ts';
import { accessBoundary } from './boundaries.ts';
import { failureOf, issueBy, methodOf, openBed, type Bed } from './bed.ts';

const METHOD = 'oauth2-token';

/** A token as `gcloud auth print-access-token` prints it, obtained a while ago. */
async function stored(bed: Bed) {
  const { token, expiresAt } = await issueBy('service-account', bed, { secret: bed.keyAttributes });
  await bed.clock.advance(600_000);
  bed.google.calls.reset();
  return {
    config: { project_id: bed.project, account_email: bed.robot.email },
    secret: { token },
    expiresAt,
  };
}

it('hands the stored token on with its true expiry, and asks nobody', async () => {
  const bed = await openBed();
  const ask = await stored(bed);
  expect(await issueBy(METHOD, bed, ask)).toMatchObject({
    token: ask.secret.token,
    expiresAt: ask.expiresAt,
    issuedAt: bed.clock.now(),
    principal: bed.robot.email,
    account: bed.project,
  });
  expect(bed.google.calls.all()).toEqual({});
});

it('narrows it to a bucket, until the same moment', async () => {
  const bed = await openBed();
  const ask = await stored(bed);
  const scope = { boundary: accessBoundary('zenfiles') };
  const narrowed = await issueBy(METHOD, bed, { ...ask, scope });
  expect(narrowed.token).not.toBe(ask.secret.token);
  expect(narrowed.expiresAt).toBe(ask.expiresAt);
  expect(bed.google.calls.all()).toEqual({ 'sts:downscope': 1 });
});

it('narrows to no scopes, and says what does', () => {
  const method = methodOf(METHOD);
  const config = method.config.parse({ project_id: 'data-prod' });
  expect(method.narrows(config, { scopes: ['openid'] })).toBe(false);
  expect(method.narrows(config, { boundary: accessBoundary('zenfiles') })).toBe(true);
  expect(method.alternatives).toMatch(/service-account/);
  expect(method.needsExpiry).toBe(true);
});

it('never hands it on after its expiry, nor without one', async () => {
  const bed = await openBed();
  const ask = await stored(bed);
  const unknown = issueBy(METHOD, bed, { ...ask, expiresAt: undefined });
  expect(await failureOf(unknown)).toMatchObject({ code: 'INPUT_INVALID', subject: 'expires_at' });
  await bed.clock.advance(ask.expiresAt - bed.clock.now());
  const scope = { boundary: accessBoundary('zenfiles') };
  expect(await failureOf(issueBy(METHOD, bed, ask))).toMatchObject({ code: 'CREDENTIAL_EXPIRED' });
  expect(await failureOf(issueBy(METHOD, bed, { ...ask, scope }))).toMatchObject({
    code: 'CREDENTIAL_EXPIRED',
    hint: expect.stringMatching(/connector update gcp-dev/),
  });
  expect(bed.google.calls.all()).toEqual({});
});

it('says when Google does not know the token', async () => {
  const bed = await openBed();
  const ask = { ...(await stored(bed)), secret: { token: `ya29.${'never-issued'.repeat(8)}` } };
  const scope = { boundary: accessBoundary('zenfiles') };
  expect(await failureOf(issueBy(METHOD, bed, { ...ask, scope }))).toMatchObject({
    code: 'UPSTREAM_BAD_CREDENTIAL',
    upstreamCode: 'invalid_grant',
  });
});

it.each(['', 'two words', 'line\nbreak', 'ünï'])('takes no token like %j', (token) => {
  expect(methodOf(METHOD).secret.safeParse({ token }).success).toBe(false);
});

it('is verified by Google: a token that is not known any more is told from one that is', async () => {
  const bed = await openBed();
  const credential = await issueBy(METHOD, bed, await stored(bed));
  const verify = () =>
    gcpGeneric.verify({
      cloud: bed.cloud,
      credential,
      config: { project_id: bed.project },
      signal: new AbortController().signal,
      resource: { type: 'gcp-generic', access: 'full' },
    });
  await verify();
  expect(bed.google.calls.all()).toEqual({ 'oauth2:tokeninfo': 1 });
  bed.google.tokens.expire(credential.token);
  expect(await failureOf(verify())).toMatchObject({
    code: 'UPSTREAM_BAD_CREDENTIAL',
    upstreamCode: 'invalid_token',
  });
});

it.each([
  [404, 'Not Found', undefined],
  [404, '{"error":"not_found"}', undefined],
  [503, 'busy', 'UPSTREAM_UNAVAILABLE'],
  [401, '{"error":"invalid_token"}', 'UPSTREAM_BAD_CREDENTIAL'],
])('a token service of one’s own that answers %s %s to that', async (status, body, code) => {
  const bed = await openBed();
  const credential = await issueBy(METHOD, bed, await stored(bed));
  const own = await localServer(() => ({ status, body }));
  const verified = gcpGeneric.verify({
    cloud: bed.cloud,
    credential,
    config: { project_id: bed.project, token_endpoint: `${own.url}/token` },
    signal: new AbortController().signal,
    resource: { type: 'gcp-generic', access: 'full' },
  });
  if (code === undefined) await verified;
  else expect(await failureOf(verified)).toMatchObject({ code });
  expect(own.seen.map(({ line }) => line)).toEqual(['POST /tokeninfo']);
});
