import { timingSafeEqual } from 'node:crypto';

import type { Issued, IssueRequest } from '../core/credential.ts';
import { ValetkeyError } from '../core/errors.ts';
import type { Evidence } from '../core/events.ts';
import type { Peer } from '../core/peer.ts';
import type {
  Caller,
  Connection,
  EndpointContext,
  IssueChoice,
  Proof,
} from '../endpoints/contract.ts';
import { requestFor } from './choose-token.ts';
import { accountsOf, identitiesOf } from './accounts.ts';
import type { Challenges } from './challenges.ts';
import { byListener, bySubject, mayRead, ofListener, userMatters } from './identify.ts';
import type { VerifyServiceAccount } from './service-accounts.ts';
import type { Tokens } from './tokens.ts';
import { chooseProfile, type Workload } from './workload.ts';

export interface AccessOptions {
  /** The workloads in force, by name; changes with a reload. */
  readonly workloads: () => ReadonlyMap<string, Workload>;
  readonly tokens: Tokens;
  /** Absent where nobody is recognised by a file. */
  readonly challenges: Challenges | undefined;
  readonly verifyServiceAccount: () => VerifyServiceAccount | undefined;
  readonly get: (
    request: IssueRequest,
    waitMs: number,
    unwanted?: (held: Issued) => boolean,
  ) => Issued | Promise<Issued>;
  readonly handouts: {
    claim(issued: Issued, holder: string): boolean;
    record(issued: Issued, evidence: Evidence): Promise<void>;
  };
}

/** What is remembered of a caller between `identify` and `issue`. */
interface Known {
  readonly workload: string;
  /** The workloads that were in force then. */
  readonly table: ReadonlyMap<string, Workload>;
  readonly by: string;
  readonly endpoint: string;
  readonly peer: () => Promise<Peer | undefined>;
}

/** What a connection has proved before: it holds while workloads and secrets are as they were. */
interface Memo {
  readonly caller: Caller;
  readonly generation: number;
}

interface TokenMemo extends Memo {
  readonly token: Buffer;
  /** Of the same length, for the token that is shown next. */
  readonly shown: Buffer;
}

/** From evidence to workload, and from workload to credential: what endpoints see of the rest. */
export function createAccess(
  options: AccessOptions,
): Pick<EndpointContext, 'identify' | 'challenge' | 'holds' | 'issue' | 'prepare'> {
  const { tokens, handouts } = options;
  const known = new WeakMap<Caller, Known>();
  const byTokenBefore = new WeakMap<Connection, TokenMemo>();
  const byConnectionBefore = new WeakMap<Connection, Memo>();

  function callerFor(workload: Workload, about: Omit<Known, 'workload' | 'table'>): Caller {
    const { name } = workload;
    // Read through the table: a reload is seen by callers that were identified before it.
    const current = () => options.workloads().get(name) ?? workload;
    const caller: Caller = {
      workload: name,
      get region() {
        return current().region;
      },
      get roleName() {
        return current().roleName;
      },
      get imdsV1() {
        return current().imdsV1;
      },
      get gce() {
        return current().gce;
      },
      get accounts() {
        return accountsOf(current());
      },
      get azure() {
        return current().azure;
      },
      get identities() {
        return identitiesOf(current());
      },
      profiles(kind) {
        const { profiles } = current();
        if (profiles instanceof ValetkeyError) return [];
        return profiles.filter((profile) => profile.kind === kind).map((profile) => profile.name);
      },
    };
    known.set(caller, { workload: name, table: options.workloads(), ...about });
    return caller;
  }

  function byToken(connection: Connection, token: string): Caller | undefined {
    const generation = tokens.generation();
    const before = byTokenBefore.get(connection);
    if (before?.generation === generation && isSame(before, token)) return before.caller;
    const name = tokens.workloadOf(token);
    const workload = name === undefined ? undefined : options.workloads().get(name);
    if (workload?.clients.some(({ kind }) => kind === 'token') !== true) return undefined;
    const caller = callerFor(workload, {
      by: 'token',
      endpoint: connection.listener,
      peer: () => connection.peer(),
    });
    const bytes = Buffer.from(token);
    const shown = Buffer.alloc(bytes.length);
    byTokenBefore.set(connection, { token: bytes, shown, caller, generation });
    return caller;
  }

  /** The peer of a connection never changes, so neither does the answer while workloads stay. */
  function byConnection(connection: Connection): Caller | Promise<Caller | undefined> {
    const before = byConnectionBefore.get(connection);
    return before?.generation === tokens.generation() ? before.caller : byUser(connection);
  }

  async function byUser(connection: Connection): Promise<Caller | undefined> {
    // Where anybody may ask, nobody needs to be looked up before he is answered.
    const matters = userMatters(options.workloads().values(), connection.listener);
    const user = matters ? await connection.peer('user') : undefined;
    const generation = tokens.generation();
    const workload = byListener(options.workloads().values(), connection.listener, user);
    if (workload === undefined) return undefined;
    const caller = callerFor(workload, {
      by: 'listener',
      endpoint: connection.listener,
      // The connection may have gone when the rest is asked for.
      peer: async () => (await connection.peer()) ?? user,
    });
    byConnectionBefore.set(connection, { caller, generation });
    return caller;
  }

  async function byServiceAccount(
    connection: Connection,
    jwt: string,
  ): Promise<Caller | undefined> {
    const subject = await options.verifyServiceAccount()?.(jwt);
    const workload =
      subject === undefined ? undefined : bySubject(options.workloads().values(), subject);
    return workload === undefined
      ? undefined
      : callerFor(workload, {
          by: 'service-account',
          endpoint: connection.listener,
          peer: () => connection.peer(),
        });
  }

  function challenged({ listener }: Connection): ReturnType<typeof ofListener> {
    return ofListener(options.workloads().values(), listener);
  }

  /** Whoever could read the file is its user: the key is of one challenge, and of this listener. */
  function byChallenge(connection: Connection, key: string): Caller | undefined {
    const proven = options.challenges?.take(key);
    const found = challenged(connection);
    if (proven?.listener !== connection.listener || proven.uid !== found?.uid) return undefined;
    return callerFor(found.workload, {
      by: 'challenge',
      endpoint: connection.listener,
      peer: async () => (await connection.peer()) ?? { uid: proven.uid },
    });
  }

  /** The first to get a credential is looked at and written down before it is answered. */
  function recorded(issued: Issued, about: Known): Issued | Promise<Issued> {
    return handouts.claim(issued, about.workload) ? record(issued, about) : issued;
  }

  async function record(issued: Issued, { workload, by, endpoint, peer }: Known): Promise<Issued> {
    const process = await peer().catch(() => undefined);
    await handouts.record(issued, { workload, by, endpoint, ...process });
    return issued;
  }

  function obtain(about: Known, choice: IssueChoice): Issued | Promise<Issued> {
    const workload = options.workloads().get(about.workload);
    const profile =
      workload === undefined ? undefined : chooseProfile(workload, choice.kind, choice.profile);
    if (profile === undefined) throw new ValetkeyError('NOT_FOUND');
    return options.get(requestFor(profile, choice), choice.waitMs, choice.unwanted);
  }

  return {
    identify(connection: Connection, proof: Proof) {
      switch (proof.kind) {
        case 'token':
          return byToken(connection, proof.token);
        case 'none':
          return byConnection(connection);
        case 'service-account':
          return byServiceAccount(connection, proof.jwt);
        case 'challenge':
          return byChallenge(connection, proof.key);
      }
    },
    async challenge(connection: Connection) {
      const found = challenged(connection);
      // There is room for few files: who could not read his would push out those of others.
      if (!found || !mayRead(await connection.peer('user'), found.uid)) return undefined;
      return options.challenges?.write(connection.listener, found.uid);
    },
    holds(caller: Caller, connection: Connection) {
      const about = known.get(caller);
      return about?.table === options.workloads() && about.endpoint === connection.listener;
    },
    issue(caller: Caller, choice: IssueChoice) {
      const about = known.get(caller);
      if (about === undefined) throw new ValetkeyError('NOT_FOUND');
      const found = obtain(about, choice);
      return found instanceof Promise
        ? found.then((issued) => recorded(issued, about))
        : recorded(found, about);
    },
    prepare(caller: Caller, choice: IssueChoice) {
      const about = known.get(caller);
      try {
        const found = about === undefined ? undefined : obtain(about, choice);
        return found instanceof Promise ? found.then(nothing, nothing) : undefined;
      } catch {
        return undefined; // whoever asks for the credential is told
      }
    },
  };
}

/** In constant time, and without memory of its own: it is asked for every request. */
function isSame({ token, shown }: TokenMemo, given: string): boolean {
  // Less is written where a character has two bytes: the rest would be that of the token shown before.
  if (given.length !== token.length || shown.write(given) !== token.length) return false;
  return timingSafeEqual(token, shown);
}

function nothing(): undefined {}
