import { z } from 'zod';

import { ValetkeyError } from '../../core/errors.ts';
import type { Secret } from '../../core/secret.ts';
import type { IssueInput } from '../contract.ts';
import { ambientBase } from './bases/ambient.ts';
import { externalAccountBase } from './bases/external-account.ts';
import { serviceAccountBase } from './bases/service-account.ts';
import { userAccountBase } from './bases/user-account.ts';
import type { Base, GcpCloud, GcpPlace, GcpScope } from './cloud.ts';
import { parseExternalAccount } from './external-account.ts';
import { invalid } from './json-secret.ts';
import { parseKeyFile, parseUserFile } from './key-file.ts';
import { checkProgram } from './programs.ts';

/* Who impersonates: exactly one of the secrets that the other methods take, or the daemon itself. */

interface SourceConfig {
  readonly source?: 'implicit' | undefined;
  readonly allow_executable?: boolean | undefined;
}

type Input = Pick<
  IssueInput<GcpCloud, SourceConfig, GcpScope>,
  'connector' | 'config' | 'cloud' | 'machine' | 'signal'
> & { readonly place: GcpPlace };

interface SourceKind {
  /** Is it what it should be? Throws `INPUT_INVALID`. */
  check(text: Secret, config: SourceConfig, place: GcpPlace): void;
  base(text: Secret, input: Input): Base;
}

const file = (what: string) =>
  z.string().min(1).optional().describe(`${what}: its JSON, or @path to read it from a file`);

export const sourceSecrets = {
  service_account_json: file('Key file of the service account that impersonates'),
  user_account_json: file('Login of the person who impersonates'),
  external_account_json: file('Configuration of the federated identity that impersonates'),
  token: z
    .string()
    .regex(/^[\x21-\x7e]+$/, 'this is no access token')
    .optional()
    .describe('Access token of the identity that impersonates, while it lasts'),
};

const KINDS: Readonly<Record<keyof typeof sourceSecrets, SourceKind>> = {
  service_account_json: {
    check: (text, _config, place) => void parseKeyFile(text, place),
    base: (text, { cloud, place }) =>
      serviceAccountBase(cloud.auth, parseKeyFile(text, place), {}, place),
  },
  user_account_json: {
    check: (text, _config, place) => void parseUserFile(text, place),
    base(text, { cloud, place }) {
      const facts = { consented: undefined, principal: undefined };
      return userAccountBase(cloud.auth, parseUserFile(text, place), facts, place);
    },
  },
  external_account_json: {
    check: (text, config, place) =>
      checkProgram(parseExternalAccount(text, place), config.allow_executable),
    base(text, { cloud, config, machine, place }) {
      const account = parseExternalAccount(text, place);
      checkProgram(account, config.allow_executable);
      return externalAccountBase(cloud.auth, account, machine);
    },
  },
  token: {
    check: () => {},
    base: (token, { connector, machine }) => ({
      principal: '',
      async token(_asked, signal) {
        signal.throwIfAborted();
        const expiresAt = connector.expiresAt ?? Infinity; // Google says when it is over
        if (expiresAt <= machine.clock.now()) throw new ValetkeyError('CREDENTIAL_EXPIRED');
        return { token, expiresAt, scopes: [] };
      },
    }),
  },
};

const NAMES = Object.keys(KINDS) as (keyof typeof KINDS)[];

/** At registration. Throws `INPUT_INVALID` unless there is exactly one, and that one is right. */
export function checkSource(
  config: SourceConfig,
  secrets: Readonly<Record<string, Secret>>,
  place: GcpPlace,
): void {
  const given = NAMES.filter((name) => secrets[name] !== undefined);
  const implicit = config.source === 'implicit' ? 1 : 0;
  if (given.length + implicit !== 1) {
    throw invalid(
      'source',
      `exactly one identity impersonates, not ${given.length + implicit}`,
      `give one of ${NAMES.join(', ')}, or source=implicit`,
    );
  }
  for (const name of given) {
    const text = secrets[name];
    if (text !== undefined) KINDS[name].check(text, config, place);
  }
}

/** Throws `SECRET_MISSING`, or what is wrong with the secret by now. The caller has asked the implicit policy. */
export async function sourceBase(input: Input): Promise<Base> {
  const { connector, config, cloud, machine, place, signal } = input;
  if (config.source === 'implicit') {
    return await ambientBase({ auth: cloud.auth, machine, place, usual: undefined, signal });
  }
  for (const name of NAMES) {
    const text = connector.secret[name];
    if (text !== undefined) return KINDS[name].base(text, input);
  }
  throw new ValetkeyError('SECRET_MISSING', {
    reason: 'the store has none of the identities that could impersonate',
  });
}
