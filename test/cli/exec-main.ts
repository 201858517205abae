import { once } from 'node:events';

import type { CliContext, DaemonFunctions } from '../../src/cli/context.ts';
import { run } from '../../src/cli/program.ts';
import { ValetkeyError } from '../../src/core/errors.ts';

/*
 * The command line as a program of its own, with an endpoint that tells on stderr what becomes of
 * it. The grant's name says how the endpoint behaves.
 */

const tell = (what: string) => void process.stderr.write(`[${what}]\n`);

const daemon: Pick<DaemonFunctions, 'openEndpoint'> = {
  openEndpoint: async (target) => {
    const name = 'workload' in target ? target.workload : (target.grants[0]?.connector ?? '');
    if (name === 'denied') throw new ValetkeyError('UPSTREAM_DENIED', { subject: name });
    if (name === 'slow') {
      tell('opening');
      await Promise.race([
        once(process.stdin, 'data'),
        new Promise((done) => setTimeout(done, 10_000)),
      ]);
    }
    return {
      variables: {
        set: {
          AWS_CONTAINER_CREDENTIALS_FULL_URI: 'http://127.0.0.1:1/v1/credentials',
          NO_PROXY: '127.0.0.1,localhost',
          no_proxy: '127.0.0.1,localhost',
        },
        clear: ['AWS_ACCESS_KEY_ID', 'AWS_PROFILE'],
      },
      warnings: name === 'away' ? ['the cloud does not answer yet'] : [],
      stop: async () => tell('stopped'),
    };
  },
};

const context: CliContext = {
  api: () => Promise.reject(new ValetkeyError('INTERNAL')),
  daemon: daemon as DaemonFunctions,
  env: process.env,
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  cwd: process.cwd(),
  version: '0.1.0',
  now: Date.now,
};
process.exit(await run(process.argv.slice(2), context));
