import { ValetkeyError } from '../core/errors.ts';
import type { ClientVariables } from './context.ts';

export const SHELLS = ['sh', 'fish', 'powershell', 'cmd', 'json', 'dotenv'] as const;
export type Shell = (typeof SHELLS)[number];

interface Syntax {
  set(name: string, value: string): string;
  clear(names: readonly string[]): readonly string[];
}

/** Statements that set and clear variables in each shell; what a shell cannot say is refused. */
const SYNTAX: Readonly<Record<Exclude<Shell, 'json'>, Syntax>> = {
  sh: {
    set: (name, value) => `export ${name}=${quoteSh(value)}`,
    clear: (names) => (names.length === 0 ? [] : [`unset ${names.join(' ')}`]),
  },
  fish: {
    set: (name, value) => `set -gx ${name} ${quoteFish(value)};`,
    clear: (names) => (names.length === 0 ? [] : [`set -e ${names.join(' ')};`]),
  },
  powershell: {
    set: (name, value) => `$env:${name} = ${quotePowerShell(value)}`,
    clear: (names) => names.map((name) => `Remove-Item -ErrorAction SilentlyContinue Env:${name}`),
  },
  cmd: {
    set: (name, value) => `set "${name}=${quoteCmd(name, value)}"`,
    clear: (names) => names.map((name) => `set "${name}="`),
  },
  dotenv: {
    set: (name, value) => `${name}=${quoteDotenv(name, value)}`,
    // An empty value is not an absent one: some SDKs take an empty RELATIVE_URI for a URI.
    clear: (names) => (names.length === 0 ? [] : [`# must not be set: ${names.join(' ')}`]),
  },
};

export function shellText(shell: Shell, { set, clear }: ClientVariables): string {
  if (shell === 'json') return JSON.stringify({ set, unset: clear }, undefined, 2);
  const syntax = SYNTAX[shell];
  const statements = Object.entries(set).map(([name, value]) => syntax.set(name, value));
  return [...syntax.clear(clear), ...statements].join('\n');
}

/** The shell a person is in, by `$SHELL`; Windows sets none. */
export function shellOf(shell: string | undefined): Shell {
  if (shell === undefined || shell === '')
    return process.platform === 'win32' ? 'powershell' : 'sh';
  const name = shell.split(/[/\\]/).at(-1);
  if (name === 'fish') return 'fish';
  return name === 'pwsh' || name === 'pwsh.exe' ? 'powershell' : 'sh';
}

/** POSIX 2.2.2: nothing is special between single quotes. */
function quoteSh(value: string): string {
  return `'${value.replaceAll("'", String.raw`'\''`)}'`;
}

/** https://fishshell.com/docs/current/language.html#quotes: only `\` and `'` are special. */
function quoteFish(value: string): string {
  return `'${value.replaceAll(/[\\']/g, String.raw`\$&`)}'`;
}

/** about_Quoting_Rules; PowerShell takes typographic single quotes for quotes as well. */
function quotePowerShell(value: string): string {
  return `'${value.replaceAll(/['\u2018-\u201B]/g, '$&$&')}'`;
}

/** For a batch file (`call`), where `%` is doubled; a quote or line break has no safe form. */
function quoteCmd(name: string, value: string): string {
  if (/["\r\n]/.test(value)) refuse(name, 'cmd', 'a double quote or a line break');
  return value.replaceAll('%', '%%');
}

/**
 * What Node, dotenv, python-dotenv, docker and compose read alike: bare where possible (docker keeps
 * quotes as part of a value), else single quotes, else double quotes where nothing in them is special.
 */
function quoteDotenv(name: string, value: string): string {
  if (/^[\w./:@,+=[\]\\-]*$/.test(value)) return value;
  if (!/['\\]/.test(value)) return `'${value}'`;
  if (!/["\\$`\r\n]/.test(value)) return `"${value}"`;
  return refuse(name, 'dotenv', 'this mixture of quotes and backslashes');
}

function refuse(name: string, shell: Shell, what: string): never {
  throw new ValetkeyError('INPUT_INVALID', {
    subject: name,
    reason: `${shell} has no safe way to write ${what}`,
    hint: 'use another --shell, or valetkey exec',
  });
}
