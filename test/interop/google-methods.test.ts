import { afterAll, beforeAll, expect, it } from 'vitest';

import { startGoogle, type GoogleBed } from '../beds/google.ts';
import type { Env } from '../beds/process.ts';
import { answer } from './clients.ts';
import { python, runGoogle, type GoogleVerb } from './google-clients.ts';
import { addRobot, googleHome, PROJECT, registerWords, ROBOT } from './google-home.ts';
import { addJob, addPerson, addTarget } from './google-identities.ts';
import { emailOf, expectDenied, identityClaims, liveToken, tokenOf } from './google-judge.ts';
import type { Installation, Service } from './harness.ts';

/* Every way to Google's tokens, as one unmodified client sees it: whose they are, and how far they reach. */

const AUDIENCE = 'https://service.example/';
const PERSON = 'ada@example.org';
const TARGET = `target@${PROJECT}.iam.gserviceaccount.com`;
const JOB = 'repo:zen/ci';

/** Whom the tokens are for, and whether they can prove it to others. */
const WAYS: readonly (readonly [name: string, who: string, proves: boolean])[] = [
  ['key', ROBOT, true],
  ['person', PERSON, false],
  ['job', JOB, false],
  ['job-as-robot', ROBOT, true],
  ['key-as-target', TARGET, true],
  ['person-by-robot-as-target', TARGET, true],
];

let bed: GoogleBed;
let home: Installation;
let daemon: Service;
beforeAll(async () => {
  bed = await startGoogle();
  home = await googleHome(bed);
  const robot = addRobot(bed);
  const [person, job] = [addPerson(bed), await addJob(bed, home)];
  const { grant } = bed.google.accounts;
  const { email: target } = addTarget(bed);
  grant({ member: `serviceAccount:${ROBOT}`, role: 'tokenCreator', on: target });
  grant({ member: `user:${PERSON}`, role: 'tokenCreator', on: ROBOT });
  daemon = await home.serve({ inside: bed.namespace.inside });

  const key = { service_account_json: JSON.stringify(robot.keyFile()) };
  const login = { user_account_json: JSON.stringify(person.authorizedUser()) };
  const project = `--project-id=${PROJECT}`;
  const as = `--target-principal=${target}`;
  type Registration = Parameters<typeof registerWords> extends [unknown, ...infer R] ? R : never;
  const registrations: readonly Registration[] = [
    ['key', 'service-account', key],
    ['person', 'user-account', login, project, `--account-email=${PERSON}`],
    ['job', 'external-account', { external_account_json: job.configuration() }, project],
    ['job-as-robot', 'external-account', { external_account_json: job.impersonating() }],
    ['key-as-target', 'impersonation', key, as],
    ['person-by-robot-as-target', 'impersonation', login, as, `--delegates=${ROBOT}`],
  ];
  for (const words of registrations) await home.must(await registerWords(home, ...words));
});
afterAll(async () => {
  await daemon?.stop();
  await Promise.all([bed?.stop(), home?.remove()]);
});

const variables = async (grant: string): Promise<Env> => ({
  ...bed.trust,
  ...(await home.variables('--grant', grant)),
});

const ask = (env: Env, verb: GoogleVerb, ...args: readonly string[]) =>
  python.run(verb, args, env, { inside: bed.namespace.inside });

it.each(WAYS)('%s: the token is %s’s', async (name, who, proves) => {
  const env = await variables(name);
  const [token, identity] = await Promise.all([ask(env, 'token'), ask(env, 'identity', AUDIENCE)]);
  expect(emailOf(tokenOf(bed, token))).toBe(who);
  if (proves) {
    const claims = await identityClaims(bed, answer(identity)['token'], AUDIENCE);
    expect(claims['email']).toBe(who);
  } else {
    expect(identity.status).toBe(1);
    expect(answer(identity)['message']).toContain('Status: 404');
  }
});

it.each(WAYS)('%s: narrowed to a bucket, it reads that and no other', async (name, who) => {
  const env = await variables(`${name}=gs://alpha:read`);
  const [own, other, token] = await Promise.all([
    ask(env, 'get', 'alpha', 'hello.txt'),
    ask(env, 'get', 'beta', 'hello.txt'),
    ask(env, 'token'),
  ]);
  expect(answer(own)).toEqual({ body: 'hello from alpha' });
  expectDenied(other);
  const issued = tokenOf(bed, token);
  expect(emailOf(issued)).toBe(who);
  expect(issued.boundary).toBeDefined();
});

it.each(['person', 'job'] as const)(
  'gcloud works as a %s, who has no identity token',
  async (name) => {
    const env = await variables(name);
    const { inside } = bed.namespace;
    const gcloud = (...words: readonly string[]) =>
      runGoogle(['gcloud', ...words], env, { inside });
    const [token, listed] = await Promise.all([
      gcloud('auth', 'print-access-token'),
      gcloud('storage', 'ls', 'gs://alpha/cold/'),
    ]);
    expect(token.stderr).toBe('');
    expect(emailOf(liveToken(bed, token.stdout))).toBe(name === 'person' ? PERSON : JOB);
    expect(listed.stdout.trim()).toBe('gs://alpha/cold/a.txt');
  },
);
