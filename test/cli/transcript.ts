import { PassThrough, Writable } from 'node:stream';

import type { CliContext, DaemonFunctions } from '../../src/cli/context.ts';
import { run } from '../../src/cli/program.ts';
import type { ControlApi } from '../../src/control/api.ts';
import { checkedApi } from '../../src/control/checked-api.ts';
import { INPUTS } from '../../src/control/schema.ts';
import { AWS, AWS_S3, ISSUED, NOW, PROPOSAL, STATUS, VERIFIED } from './fixtures.ts';

/** A control API that answers from the fixtures and notes each call as it arrived. */
function recordingApi(answers: Partial<ControlApi>) {
  const calls: [string, unknown][] = [];
  const standard: Partial<ControlApi> = {
    listTypes: async ({ type }) => [AWS].filter((one) => type === undefined || one.kind === type),
    listConnectors: async () => [AWS_S3],
    describeConnector: async () => AWS_S3,
    describeClient: async () => ISSUED,
    verify: async () => VERIFIED,
    listResources: async () => VERIFIED.resources,
    autoConfigure: async () => PROPOSAL,
    register: async ({ name }) => ({
      connector: { ...AWS_S3, name },
      warnings: [],
      verified: VERIFIED,
    }),
    update: async ({ name, new_name }) => ({
      connector: { ...AWS_S3, name: new_name ?? name },
      warnings: [],
    }),
    remove: async ({ name }) => ({ ...AWS_S3, name }),
    status: async () => STATUS,
    ...answers,
  };
  const entries = Object.keys(INPUTS).map((operation) => [
    operation,
    async (input: unknown) => {
      // As it would be on the wire: a key that is undefined is not there.
      calls.push([operation, JSON.parse(JSON.stringify(input))]);
      const verb = standard[operation as keyof ControlApi] as (given: unknown) => unknown;
      return verb(input);
    },
  ]);
  return { calls, api: checkedApi(Object.fromEntries(entries) as ControlApi) };
}

export interface Setting {
  readonly answers?: Partial<ControlApi>;
  readonly daemon?: Partial<DaemonFunctions>;
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  readonly stdin?: string;
  /** A person at a terminal, who types these in turn, each when something new has been asked. */
  readonly keys?: readonly string[];
}

/** Runs one command line and returns everything it did. */
export async function transcript(argv: readonly string[], setting: Setting = {}) {
  const { calls, api } = recordingApi(setting.answers ?? {});
  const stdout = collector(false);
  const stderr = collector(setting.keys !== undefined);
  const context: CliContext = {
    api: async () => api,
    daemon: (setting.daemon ?? {}) as DaemonFunctions,
    env: setting.env ?? {},
    stdin:
      setting.keys === undefined ? piped(setting.stdin ?? '') : typed(setting.keys, stderr.stream),
    stdout: stdout.stream,
    stderr: stderr.stream,
    cwd: setting.cwd ?? process.cwd(),
    version: '0.1.0',
    now: () => NOW,
  };
  const code = await run(argv, context);
  const changes = calls.filter(([operation]) => CHANGING.has(operation));
  return { code, stdout: stdout.text(), stderr: stderr.text(), calls, changes };
}

const CHANGING = new Set(['register', 'update', 'remove', 'migrateStore', 'loginFinish']);

function piped(text: string) {
  const stream = new PassThrough();
  stream.end(text);
  return stream;
}

/** Keys arrive once the screen has been quiet, so that each goes to the question it answers. */
function typed(keys: readonly string[], screen: NodeJS.EventEmitter) {
  const stream = Object.assign(new PassThrough(), { isTTY: true, setRawMode: () => stream });
  const waiting = [...keys];
  let timer: NodeJS.Timeout | undefined;
  screen.on('written', () => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      const key = waiting.shift();
      if (key !== undefined) stream.write(key);
    }, 25);
  });
  return stream;
}

function collector(isTTY: boolean) {
  let text = '';
  const stream = Object.assign(
    new Writable({
      write: (part: Buffer, _, done) => {
        text += part.toString();
        stream.emit('written');
        done();
      },
    }),
    { isTTY, columns: 120, rows: 40 },
  );
  return { stream, text: () => text };
}
