import { stripVTControlCharacters, styleText } from 'node:util';

import { ERRORS, toValetkeyError, type WireError, fromWire } from '../core/errors.ts';
import type { CliContext, CliOutput } from './context.ts';

type Style = 'bold' | 'red' | 'yellow' | 'cyan' | 'green' | 'dim';

/** Every word a person is shown goes through here: results to stdout, all else to stderr. */
export interface Terminal {
  /** Is there a person to ask? Both ends of the conversation must be a terminal. */
  readonly interactive: boolean;
  /** A result, with a newline added where it has none. */
  print(text: string): void;
  /** Progress and confirmations. */
  say(text: string): void;
  warn(text: string, hint?: string): void;
  /** Prints `valetkey: error: …` and its hint; returns the exit code. */
  fail(error: unknown): number;
  /** For stdout; plain text unless it is a terminal. */
  style(style: Style, text: string): string;
}

export function createTerminal(
  context: Pick<CliContext, 'env' | 'stdin' | 'stdout' | 'stderr'>,
): Terminal {
  const { env, stdin, stdout, stderr } = context;
  const paint = (stream: CliOutput) => (style: Style, text: string) =>
    hasColour(stream, env) ? styleText(style, text, { validateStream: false }) : text;
  const onError = paint(stderr);
  const line = (style: Style, label: string, text: string) =>
    stderr.write(`valetkey: ${onError(style, `${label}:`)} ${printable(text)}\n`);
  return {
    interactive: stdin.isTTY === true && stderr.isTTY === true,
    print: (text) => void stdout.write(text.endsWith('\n') ? text : `${text}\n`),
    say: (text) => void stderr.write(`${printable(text)}\n`),
    warn: (text, hint) => {
      line('yellow', 'warning', text);
      if (hint !== undefined) line('cyan', 'hint', hint);
    },
    fail: (thrown) => {
      const error = toValetkeyError(thrown);
      line('red', 'error', error.message);
      if (error.hint !== undefined) line('cyan', 'hint', error.hint);
      if (error.code === 'INTERNAL' && env['VALETKEY_DEBUG'] === '1') stderr.write(frames(error));
      return ERRORS[error.code].exit;
    },
    style: paint(stdout),
  };
}

/** https://no-color.org: any value but an empty one. */
function hasColour(stream: CliOutput, env: CliContext['env']): boolean {
  return stream.isTTY === true && (env['NO_COLOR'] ?? '') === '' && env['TERM'] !== 'dumb';
}

/** C0 but tab and line feed, DEL, C1, and what reverses the reading direction. */
// oxlint-disable-next-line no-control-regex -- control characters are what this finds
const CONTROLS = /[\u0000-\u0008\u000B-\u001F\u007F-\u009F\u202A-\u202E\u2066-\u2069]/g;

/**
 * Text from a file or a cloud as a terminal may be shown it: an escape sequence in a shared
 * connector's description could otherwise rewrite what the person sees.
 */
export function printable(text: string): string {
  return stripVTControlCharacters(text).replaceAll(CONTROLS, '\uFFFD');
}

/** One line for an error that is part of a listing. */
export function errorText(error: WireError): string {
  return printable(fromWire(error).message);
}

/** Where it was thrown, without any message: a message may quote what it was given. */
function frames(error: Error): string {
  const origin = error.cause instanceof Error ? error.cause : error;
  const places = (origin.stack ?? '').split('\n').filter((one) => /^\s+at /.test(one));
  return `${origin.name}\n${places.join('\n')}\n`;
}
