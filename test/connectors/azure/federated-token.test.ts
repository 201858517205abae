import { execFileSync } from 'node:child_process';
import { truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { oidcIssuer } from '../../../src/stand-ins/google/oidc-issuer.ts';
import { localServer } from '../aws/local-server.ts';
import { allOf, failureOf, issueBy, openBed, total, type Ask, type Bed } from './bed.ts';
import { folder } from './certificates.ts';

const METHOD = 'federated-token';
const AUDIENCE = 'api://AzureADTokenExchange';
const SUBJECT = 'system:serviceaccount:data:train';

async function federatedBed() {
  const bed = await openBed();
  const issuer = oidcIssuer({ now: () => bed.clock.now() });
  bed.app.addFederatedCredential({
    issuer: issuer.issuer,
    subject: SUBJECT,
    jwks: { keys: issuer.jwks.keys.map((key) => ({ ...key })) },
  });
  const file = join(folder(), 'token');
  const write = (claims: Record<string, string>): string => {
    const token = issuer.mint(claims);
    writeFileSync(file, `${token}\n`);
    return token;
  };
  write({ sub: SUBJECT, aud: AUDIENCE });
  return { ...bed, issuer, file, write };
}

const issue = async (bed: Bed & { readonly file: string }, ask: Partial<Ask> = {}) =>
  await issueBy(METHOD, bed, {
    ...ask,
    config: { ...bed.appConfig, token_file: bed.file, ...ask.config },
  });

describe('a federated token', () => {
  it('stands in place of a secret, and is read anew each time', async () => {
    const bed = await federatedBed();
    const first = await issue(bed);
    expect(bed.azure.tokens.find(first.token)).toBeDefined();
    await bed.clock.advance(2 * 3_600_000);
    expect(await failureOf(issue(bed))).toMatchObject({
      code: 'UPSTREAM_CLOCK_SKEW',
      upstreamCode: 'AADSTS700024',
    });
    bed.write({ sub: SUBJECT, aud: AUDIENCE });
    await issue(bed);
    expect(total(bed)).toBe(3);
  });

  it('that is no file, or a huge one, is refused at once: others’ files can be read', async () => {
    const bed = await federatedBed();
    const pipe = join(folder(), 'pipe');
    execFileSync('mkfifo', [pipe]); // whose writer never comes
    const huge = join(folder(), 'huge');
    writeFileSync(huge, '');
    truncateSync(huge, 1024 ** 4);
    // As many as Node has threads for files: a wait in each would be the end of them all.
    for (const file of [pipe, pipe, pipe, pipe, '/dev/zero', huge, folder()]) {
      expect(await failureOf(issue({ ...bed, file }))).toMatchObject({ code: 'SECRET_MISSING' });
    }
    await issue(bed);
  });

  it('may come from a URL', async () => {
    const bed = await federatedBed();
    const token = bed.issuer.mint({ sub: SUBJECT, aud: AUDIENCE });
    const server = await localServer(() => ({ body: JSON.stringify({ value: token }) }));
    await issue(bed, {
      config: { token_file: undefined, token_url: server.url, token_audience: AUDIENCE },
      secret: { token_bearer: 'bearer-of-the-job' },
    });
    expect(server.seen).toMatchObject([
      {
        line: `GET /?audience=${encodeURIComponent(AUDIENCE)}`,
        headers: { authorization: 'Bearer bearer-of-the-job' },
      },
    ]);
  });

  it('may be that of a managed identity, which the application trusts', async () => {
    const bed = await federatedBed();
    const access_token = bed.issuer.mint({ sub: SUBJECT, aud: AUDIENCE });
    const server = await localServer(() => ({ body: JSON.stringify({ access_token }) }));
    const query = `api-version=2018-02-01&resource=${AUDIENCE}`;
    const token_url = `${server.url}/metadata/identity/oauth2/token?${query}`;
    await issue(bed, {
      config: { token_file: undefined, token_url, token_headers: 'Metadata=true' },
    });
    expect(server.seen[0]?.headers['metadata']).toBe('true');
  });

  it.each([
    [{ iss: 'https://other.example', sub: SUBJECT, aud: AUDIENCE }, 'AADSTS700211'],
    [{ sub: SUBJECT, aud: 'sts.amazonaws.com' }, 'AADSTS700212'],
    [{ sub: 'system:serviceaccount:data:other', aud: AUDIENCE }, 'AADSTS700213'],
  ])('of another kind is refused, and told which part is: %j', async (claims, upstreamCode) => {
    const bed = await federatedBed();
    const token = bed.write(claims);
    const error = await failureOf(issue(bed));
    expect(error).toMatchObject({ code: 'UPSTREAM_BAD_CREDENTIAL', upstreamCode });
    expect(error.hint).toMatch(/federated credential/);
    expect(allOf(error)).not.toContain(token);
  });

  it('is refused where the application trusts no issuer', async () => {
    const bed = await federatedBed();
    const { clientId } = bed.azure.directory.addApp({ tenant: bed.tenant.id, name: 'lone' });
    expect(await failureOf(issue(bed, { config: { client_id: clientId } }))).toMatchObject({
      code: 'UPSTREAM_BAD_CREDENTIAL',
      upstreamCode: 'AADSTS70021',
    });
  });

  it.each(['not there', 'a b c', ''])('asks nobody when its file holds %j', async (text) => {
    const bed = await federatedBed();
    writeFileSync(bed.file, text);
    const file = text === 'not there' ? `${bed.file}.gone` : bed.file;
    const error = await failureOf(issue(bed, { config: { token_file: file } }));
    expect(error.code).toMatch(/^(SECRET_MISSING|UPSTREAM_MALFORMED)$/);
    expect(total(bed)).toBe(0);
  });
});
