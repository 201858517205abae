import { existsSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { fakeClock, settle } from '../../support/fake-clock.ts';
import { allOf } from './bed.ts';
import {
  AUDIENCE,
  failure,
  folder,
  impersonationUrl,
  JWT_TYPE,
  obtain,
} from './external-account-bed.ts';

const NOW = fakeClock().now() / 1000;
const ID_TOKEN = 'urn:ietf:params:oauth:token-type:id_token';
const SAML = 'urn:ietf:params:oauth:token-type:saml2';
const SUCCESS = { version: 1, success: true, token_type: JWT_TYPE, id_token: 'a.b.c' };
const FAILURE = { version: 1, success: false, code: '401', message: 'planted words' };
const EMAIL = 'deployer@data-prod.iam.gserviceaccount.com';

const print = (value: unknown) => `console.log(${JSON.stringify(JSON.stringify(value))})`;

/** Runs a script of Node's, given as a file because no shell is there to quote it. */
function run(
  script: string,
  more: Parameters<typeof obtain>[1] & { output_file?: string; config?: object } = {},
) {
  const file = folder().write('program.mjs', script);
  const { output_file } = more;
  const command = `'${process.execPath}' '${file}' 'an argument'`;
  const executable = { command, ...(output_file === undefined ? {} : { output_file }) };
  return obtain({ credential_source: { executable }, ...more.config }, more);
}

describe('a program’s token', () => {
  it.each([
    ['a JWT', JWT_TYPE, SUCCESS],
    ['an identity token', JWT_TYPE, { ...SUCCESS, token_type: ID_TOKEN }],
    ['one that lasts', JWT_TYPE, { ...SUCCESS, expiration_time: NOW + 60 }],
    ['SAML', SAML, { ...SUCCESS, token_type: SAML, id_token: undefined, saml_response: 'a.b.c' }],
  ])('may be %s', async (_, subject_token_type, answer) => {
    expect(await run(print(answer), { config: { subject_token_type } })).toBe('a.b.c');
  });

  it('is made with what it should know, and nothing that leads back to the daemon', async () => {
    const script = `
      const { env } = process;
      const seen = Object.keys(env).filter((name) => /GOOGLE|GCE|VALETKEY|MARK|VITEST/.test(name))
        .sort().map((name) => name + '=' + env[name]).join('|');
      console.log(JSON.stringify({ ...${JSON.stringify(SUCCESS)}, id_token: seen + '|' + process.argv[2] }));`;
    const output_file = join(folder().home, 'none');
    const told = await run(
      script.replace('id_token: seen', 'expiration_time: 4e9, id_token: seen'),
      {
        output_file,
        config: { service_account_impersonation_url: impersonationUrl(EMAIL) },
        env: {
          MARK: 'here',
          GCE_METADATA_HOST: '127.0.0.1:8080',
          GCE_METADATA_IP: '127.0.0.1:8080',
          VALETKEY_HOME: '/secret',
          GOOGLE_EXTERNAL_ACCOUNT_AUDIENCE: 'another',
          GOOGLE_EXTERNAL_ACCOUNT_INTERACTIVE: '1',
        },
      },
    );
    expect(told.split('|')).toEqual([
      `GOOGLE_EXTERNAL_ACCOUNT_AUDIENCE=${AUDIENCE}`,
      `GOOGLE_EXTERNAL_ACCOUNT_IMPERSONATED_EMAIL=${EMAIL}`,
      'GOOGLE_EXTERNAL_ACCOUNT_INTERACTIVE=0',
      `GOOGLE_EXTERNAL_ACCOUNT_OUTPUT_FILE=${output_file}`,
      `GOOGLE_EXTERNAL_ACCOUNT_TOKEN_TYPE=${JWT_TYPE}`,
      'MARK=here',
      'an argument',
    ]);
  });

  it.each([
    ['a refusal', print(FAILURE), 'UPSTREAM_DENIED'],
    ['a failure', `console.error('planted-why'); process.exit(3)`, 'UPSTREAM_DENIED'],
    ['nothing', '', 'UPSTREAM_MALFORMED'],
    ['no JSON', `console.log('planted')`, 'UPSTREAM_MALFORMED'],
    ['more than JSON', `${print(SUCCESS)}; console.log('planted')`, 'UPSTREAM_MALFORMED'],
    ['no version', print({ ...SUCCESS, version: undefined }), 'UPSTREAM_MALFORMED'],
    ['another version', print({ ...SUCCESS, version: 2 }), 'UPSTREAM_MALFORMED'],
    ['a version as text', print({ ...SUCCESS, version: '1' }), 'UPSTREAM_MALFORMED'],
    ['neither success nor failure', print({ ...SUCCESS, success: 'yes' }), 'UPSTREAM_MALFORMED'],
    ['a failure without words', print({ ...FAILURE, message: undefined }), 'UPSTREAM_MALFORMED'],
    ['a success without token', print({ ...SUCCESS, id_token: undefined }), 'UPSTREAM_MALFORMED'],
    ['a token that is an object', print({ ...SUCCESS, id_token: {} }), 'UPSTREAM_MALFORMED'],
    ['another type', print({ ...SUCCESS, token_type: 'planted' }), 'UPSTREAM_MALFORMED'],
    [
      'SAML instead of a JWT',
      print({ ...SUCCESS, token_type: SAML, saml_response: 'planted' }),
      'UPSTREAM_MALFORMED',
    ],
    ['an expired token', print({ ...SUCCESS, expiration_time: NOW - 1 }), 'CREDENTIAL_EXPIRED'],
    [
      'a flood',
      `process.stdout.write('planted'.repeat(30_000)); setInterval(() => {}, 1000)`,
      'UPSTREAM_MALFORMED',
    ],
  ])('is missing after %s', async (_, script, code) => {
    const error = await failure(run(script));
    expect(error).toMatchObject({ code, subject: 'credential_source.executable' });
    expect(String(error)).not.toContain('planted');
  });

  it('a refusal keeps the program’s own words for the log', async () => {
    const error = await failure(run(print({ ...FAILURE, code: 'E401' })));
    expect(error).toMatchObject({
      upstreamCode: 'E401',
      cause: expect.objectContaining({ message: 'E401: planted words' }),
    });
  });

  it.each(['/nonexistent/program', '"', '   "'])('needs a program: %j', async (command) => {
    const error = await failure(obtain({ credential_source: { executable: { command } } }));
    expect(error).toMatchObject({ code: 'CONFIG_INVALID' });
  });

  it('a word that no program can be given is not quoted, neither in the log', async () => {
    const executable = { command: '/bin/echo planted\0words' };
    const error = await failure(obtain({ credential_source: { executable } }));
    expect(error).toMatchObject({ code: 'CONFIG_INVALID' });
    expect(allOf(error)).not.toContain('planted');
  });

  it('is of no shell command', async () => {
    const made = join(folder().home, 'made');
    const executable = { command: `true; touch ${made}` };
    await failure(obtain({ credential_source: { executable } }));
    expect(existsSync(made)).toBe(false);
  });

  it.each([
    ['half a minute', undefined, 30_000],
    ['the configuration’s time', 5_000, 5_000],
  ])('is given up after %s', async (_, timeout_millis, after) => {
    const clock = fakeClock();
    const file = folder().write('program.mjs', 'setInterval(() => {}, 1000)');
    const executable = { command: `'${process.execPath}' '${file}'`, timeout_millis };
    const state = { ended: false };
    const token = obtain({ credential_source: { executable } }, { clock });
    const error = failure(token).finally(() => (state.ended = true));
    await settle();
    await clock.advance(after - 1);
    expect(state.ended).toBe(false);
    await clock.advance(1);
    expect(await error).toMatchObject({ code: 'UPSTREAM_UNAVAILABLE' });
  });

  it('is not waited for when nobody wants it any more', async () => {
    const controller = new AbortController();
    const token = run('setInterval(() => {}, 1000)', { signal: controller.signal });
    controller.abort(new Error('enough'));
    await expect(token).rejects.toThrow('enough');
  });
});

describe('what a program leaves in its output_file', () => {
  const lasting = { ...SUCCESS, expiration_time: NOW + 60 };
  const PROGRAM = print({ ...lasting, id_token: 'fresh.b.c' });

  it('saves another run while it lasts', async () => {
    const output_file = folder().write('cache', JSON.stringify(lasting));
    expect(await run(PROGRAM, { output_file })).toBe('a.b.c');
    const clock = fakeClock();
    await clock.advance(60_000);
    const later = print({ ...lasting, id_token: 'fresh.b.c', expiration_time: NOW + 120 });
    expect(await run(later, { output_file, clock })).toBe('fresh.b.c');
  });

  it.each([
    ['nothing', ''],
    ['half a file', '{"version":1,'],
    ['a failure', JSON.stringify(FAILURE)],
    ['a token without an end', JSON.stringify(SUCCESS)],
    ['an expired token', JSON.stringify({ ...SUCCESS, expiration_time: NOW })],
    ['a flood', ' '.repeat(100_000)],
  ])('is passed over when it is %s', async (_, text) => {
    const output_file = folder().write('cache', text);
    expect(await run(PROGRAM, { output_file })).toBe('fresh.b.c');
  });

  it('needs an end to be of use', async () => {
    const output_file = join(folder().home, 'none');
    const error = await failure(run(print(SUCCESS), { output_file }));
    expect(error).toMatchObject({ code: 'UPSTREAM_MALFORMED' });
  });
});
