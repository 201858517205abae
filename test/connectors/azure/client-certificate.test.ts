import { describe, expect, it } from 'vitest';

import {
  allOf,
  bodyOf,
  certified,
  failureOf,
  issueBy,
  openBed,
  total,
  type Ask,
  type Bed,
} from './bed.ts';

const METHOD = 'client-certificate';

async function certifiedBed() {
  const bed = await openBed();
  const own = certified(bed.clock.now());
  const thumbprint = bed.app.addCertificate(own.certificate);
  return { ...bed, own, thumbprint, pem: `${own.key}${own.certificate}` };
}

const issue = async (bed: Bed, pem: string, ask: Partial<Ask> = {}) =>
  await issueBy(METHOD, bed, {
    secret: { client_certificate: pem },
    ...ask,
    config: { ...bed.appConfig, ...ask.config },
  });

describe('a service principal with a certificate', () => {
  it('proves itself by an assertion, dated by the machine’s clock', async () => {
    const bed = await certifiedBed();
    await bed.clock.advance(30 * 86_400_000);
    const token = await issue(bed, bed.pem);
    expect(bed.azure.tokens.find(token.token)).toBeDefined();
    expect(bed.azure.log).toMatchObject([{ principal: bed.app.clientId, status: 200 }]);
    expect(total(bed)).toBe(1);
  });

  it('sends its chain where the application trusts a name and not a certificate', async () => {
    const bed = await certifiedBed();
    bed.app.removeCertificate(bed.thumbprint);
    bed.app.trustSubject({ commonName: 'robot', issuerPem: bed.own.certificate });
    const lone = await failureOf(issue(bed, bed.pem));
    expect(lone).toMatchObject({ code: 'UPSTREAM_BAD_CREDENTIAL', upstreamCode: 'AADSTS700027' });
    await issue(bed, bed.pem, { config: { send_chain: 'true' } });
  });

  it('asks another directory as itself', async () => {
    const bed = await certifiedBed();
    const { id } = bed.azure.directory.addTenant();
    bed.app.allowTenant(id);
    const config = { for_tenant: id, additionally_allowed_tenants: '*' };
    expect((await issue(bed, bed.pem, { config })).account).toBe(id);
  });

  it('is refused once its certificate is no longer the application’s', async () => {
    const bed = await certifiedBed();
    bed.app.removeCertificate(bed.thumbprint);
    const error = await failureOf(issue(bed, bed.pem));
    expect(error).toMatchObject({ code: 'UPSTREAM_BAD_CREDENTIAL', upstreamCode: 'AADSTS700027' });
    for (const line of bodyOf(bed.own.key)) expect(allOf(error)).not.toContain(line);
    expect(allOf(error)).not.toMatch(/eyJ/);
  });

  it('asks nobody with a certificate that has expired, or is not valid yet', async () => {
    const bed = await certifiedBed();
    const later = certified(bed.clock.now() + 10 * 86_400_000);
    expect(await failureOf(issue(bed, `${later.key}${later.certificate}`))).toMatchObject({
      code: 'UPSTREAM_CLOCK_SKEW',
    });
    await bed.clock.advance(366 * 86_400_000);
    const error = await failureOf(issue(bed, bed.pem));
    expect(error).toMatchObject({ code: 'CREDENTIAL_EXPIRED' });
    expect(error.reason).toMatch(/valid until 20\d\d-/);
    expect(total(bed)).toBe(0);
  });

  it('is looked at when it is registered', async () => {
    const bed = await certifiedBed();
    const { certificate } = certified(bed.clock.now());
    expect(await failureOf(issue(bed, `${bed.own.key}${certificate}`))).toMatchObject({
      code: 'INPUT_INVALID',
      subject: 'client_certificate',
    });
  });
});
