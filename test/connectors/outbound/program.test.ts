import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { isatty } from 'node:tty';

import { describe, expect, it, onTestFinished } from 'vitest';

import { ProgramError, runProgram } from '../../../src/connectors/outbound/program.ts';
import { fakeClock, settle } from '../../support/fake-clock.ts';

const NODE = process.execPath;

/** A server that programs hold a connection to for as long as they live. */
async function listener() {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  onTestFinished(() => void server.close());
  const hold = `require('node:net').connect(${port}, '127.0.0.1').on('close', () => process.exit())`;
  const next = async (): Promise<Socket> => {
    const [socket] = (await once(server, 'connection')) as [Socket];
    socket.on('error', () => {});
    onTestFinished(() => void socket.destroy());
    return socket;
  };
  return { hold, next };
}

function run(script: string, { clock = fakeClock(), signal = new AbortController().signal } = {}) {
  const limits = { timeoutMs: 5_000, maxOutputBytes: 1_000 };
  return runProgram([NODE, '-e', script], { env: process.env, clock, signal, ...limits });
}

/** A program that waits for one that it has started. */
const parentOf = (script: string, how = 'inherit') =>
  `require('node:child_process').spawn(process.execPath, ['-e', ${JSON.stringify(script)}], { stdio: '${how}' });
   ${how === 'ignore' ? 'process.exit()' : ''}`;

describe.runIf(process.platform !== 'win32' && !isatty(0))('what a program has started', () => {
  it('ends with it when its time is over', async () => {
    const { hold, next } = await listener();
    const clock = fakeClock();
    const work = run(parentOf(hold), { clock }).catch((error: unknown) => error);
    const grandchild = await next();
    const gone = once(grandchild, 'close');
    grandchild.resume();
    await clock.advance(5_000);
    await settle();
    expect(await work).toMatchObject({ why: 'too-late' });
    await gone;
  });

  it('ends with it when nobody wants its output any more', async () => {
    const { hold, next } = await listener();
    const controller = new AbortController();
    const work = run(parentOf(hold), { signal: controller.signal }).catch((e: unknown) => e);
    const grandchild = await next();
    const gone = once(grandchild, 'close');
    grandchild.resume();
    const reason = new Error('enough');
    controller.abort(reason);
    expect(await work).toBe(reason);
    await gone;
  });

  it('stays when the program has ended by itself', async () => {
    const { hold, next } = await listener();
    const agent = next();
    expect(await run(parentOf(hold, 'ignore'))).toBe('');
    const socket = await agent;
    socket.resume();
    expect(socket.readyState).toBe('open');
    const gone = once(socket, 'close');
    socket.end(); // it lives, and hears that it may go
    await gone;
  });
});

it('a program that is not there is no program', async () => {
  const signal = new AbortController().signal;
  const limits = { timeoutMs: 5_000, maxOutputBytes: 1_000 };
  const options = { env: {}, clock: fakeClock(), signal, ...limits };
  await expect(runProgram(['/nonexistent/program'], options)).rejects.toThrow(ProgramError);
});
