import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';

import { describe, expect, it, onTestFinished } from 'vitest';

import { ARC_TOKENS, arcTokens } from '../../../src/connectors/azure/arc-challenge.ts';
import { createManagedIdentity } from '../../../src/connectors/azure/managed-identity.ts';
import { failureOf, issueBy, openBed, STORAGE } from './bed.ts';
import { folder } from './certificates.ts';

const KEY = 'content-of-the-key-file';

/** Arc's agent, whose challenge names this file. */
async function agent(challenge: (directory: string) => string | undefined) {
  const bed = await openBed();
  const secret = { client_secret: bed.clientSecret.value };
  const { token, expiresAt } = await issueBy('service-principal', bed, {
    config: bed.appConfig,
    secret,
  });
  const directory = folder();
  const seen: { readonly url: string; readonly authorization: string | undefined }[] = [];
  const server = createServer((request, response) => {
    const { authorization } = request.headers;
    seen.push({ url: String(request.url), authorization });
    if (request.headers['metadata'] !== 'true') response.writeHead(400).end();
    else if (authorization === `Basic ${KEY}`) {
      const expires_in = String((expiresAt - bed.clock.now()) / 1000);
      response.end(JSON.stringify({ access_token: token, expires_in }));
    } else {
      const header = challenge(directory);
      response.writeHead(401, header === undefined ? {} : { 'WWW-Authenticate': header }).end();
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : undefined;
  const env = {
    IDENTITY_ENDPOINT: `http://127.0.0.1:${port}/metadata/identity/oauth2/token`,
    IMDS_ENDPOINT: `http://127.0.0.1:${port}`,
  };
  const identity = createManagedIdentity({ ...bed.machine, env }, directory);
  const issue = async () => await identity({}, STORAGE, new AbortController().signal);
  return { bed, directory, seen, token, issue };
}

const realm = (name: string) => (directory: string) => `Basic realm=${join(directory, name)}`;

describe.skipIf(process.platform === 'win32')('the identity of a machine in Azure Arc', () => {
  it('is had by who can read the agent’s key file', async () => {
    const { directory, seen, token, issue } = await agent(realm('a.key'));
    writeFileSync(join(directory, 'a.key'), KEY);
    expect((await issue()).token.reveal()).toBe(token);
    const path = `/metadata/identity/oauth2/token?api-version=2020-06-01&resource=${encodeURIComponent(STORAGE)}`;
    expect(seen).toEqual([
      { url: '/metadata/identity/oauth2/token', authorization: undefined },
      { url: path, authorization: undefined },
      { url: path, authorization: `Basic ${KEY}` },
    ]);
  });

  it.each([
    ['no challenge', () => undefined],
    ['a file elsewhere', () => 'Basic realm=/etc/passwd.key'],
    ['a file with another name', realm('a.txt')],
    ['a file further down', realm('sub/a.key')],
    ['a way out', (directory: string) => `Basic realm=${directory}/../a.key`],
    ['another scheme', (directory: string) => `Bearer realm=${directory}/a.key`],
    ['two fields', (directory: string) => `Basic realm=${directory}/a.key,x=y`],
    ['a file of no place', () => 'Basic realm=a.key'],
  ])('is not asked for with %s', async (_name, challenge) => {
    const { directory, seen, issue } = await agent(challenge);
    mkdirSync(join(directory, 'sub'));
    for (const name of ['a.key', 'a.txt', 'sub/a.key']) writeFileSync(join(directory, name), KEY);
    expect(await failureOf(issue())).toMatchObject({ code: 'UPSTREAM_MALFORMED' });
    expect(seen.map(({ authorization }) => authorization)).toEqual([undefined, undefined]);
  });

  it.each([
    ['is missing', () => {}],
    ['is too long', (path: string) => writeFileSync(path, 'x'.repeat(4_097))],
    ['is a folder', (path: string) => mkdirSync(path)],
    ['is a pipe', (path: string) => void execFileSync('mkfifo', [path])],
    ['leads nowhere', (path: string) => symlinkSync('/nowhere', path)],
  ])('is not had when the key file %s', async (_name, make) => {
    const { directory, seen, issue } = await agent(realm('a.key'));
    make(join(directory, 'a.key'));
    expect(await failureOf(issue())).toMatchObject({
      code: 'UPSTREAM_DENIED',
      hint: expect.stringMatching(/himds/),
    });
    expect(seen).toHaveLength(2);
  });

  it('is not had with another key', async () => {
    const { directory, issue } = await agent(realm('a.key'));
    writeFileSync(join(directory, 'a.key'), `${KEY}x`);
    expect(await failureOf(issue())).toMatchObject({ code: 'UPSTREAM_DENIED' });
  });
});

it('its keys are where the agent puts them', () => {
  expect(arcTokens({}, 'linux')).toBe(ARC_TOKENS);
  expect(arcTokens({ ProgramData: 'D:\\Data' }, 'win32')).toBe(
    'D:\\Data\\AzureConnectedMachineAgent\\Tokens',
  );
});
