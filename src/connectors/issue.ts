import type { ConnectorRecord } from '../catalog/record.ts';
import type { Issued, IssueRequest } from '../core/credential.ts';
import { toValetkeyError, ValetkeyError, withSubject } from '../core/errors.ts';
import { loginSecretIdOf, secretIdOf } from '../core/ids.ts';
import { secret as hide } from '../core/secret.ts';
import type { SecretFields, SecretStore } from '../stores/contract.ts';
import type {
  AuthMethod,
  ConnectorInput,
  ConnectorType,
  LoginResult,
  Machine,
} from './contract.ts';
import { lookup, parseConfig, secondsFor } from './input.ts';
import { isSameLogin } from './same-login.ts';
import { chosenScopes, scopeOf } from './scope.ts';
import { validated } from './validated.ts';

export interface IssuerOptions {
  readonly types: Readonly<Record<string, ConnectorType>>;
  readonly store: SecretStore;
  readonly machine: Machine;
  readonly record: (name: IssueRequest['connector']) => Promise<ConnectorRecord>;
  /** Runs work while nobody changes records or secrets. */
  readonly lock: <T>(work: () => Promise<T>) => Promise<T>;
}

/** A record joined with its type, method and cloud client, ready to issue. */
export interface OpenConnector {
  readonly record: ConnectorRecord;
  readonly type: ConnectorType;
  readonly method: AuthMethod;
  readonly cloud: unknown;
  readonly config: Record<string, unknown>;
}

export interface ConnectorIssuer {
  /** The whole way from a request to a validated credential. Throws `ValetkeyError` naming the connector. */
  issue(request: IssueRequest, signal: AbortSignal): Promise<Issued>;
  /** The same for a record that is not (or not yet) in the catalog, with secrets not in the store. */
  issueWith(
    open: OpenConnector,
    input: ConnectorInput,
    request: IssueRequest,
    signal: AbortSignal,
  ): Promise<Issued>;
  open(record: ConnectorRecord): OpenConnector;
  /** The same for a record of the catalog: what is wrong with it is its file's fault (`CATALOG_CORRUPT`). */
  openSaved(record: ConnectorRecord): OpenConnector;
  /** The connector's configuration, secret and login as its method takes them. */
  inputOf(open: OpenConnector): Promise<ConnectorInput>;
  saveLogin(record: ConnectorRecord, result: LoginResult): Promise<void>;
  /** The same, for a login that took its time: throws `BUSY` when its connector is another one by now. */
  keepLogin(record: ConnectorRecord, result: LoginResult): Promise<void>;
}

const LOGIN_EXPIRY = 'expires_at';

export function createIssuer(options: IssuerOptions): ConnectorIssuer {
  const { types, store, machine } = options;
  const clouds = new Map<string, unknown>();

  function cloudOf(type: ConnectorType): unknown {
    if (!clouds.has(type.kind)) clouds.set(type.kind, type.connect(machine));
    return clouds.get(type.kind);
  }

  function open(record: ConnectorRecord): OpenConnector {
    const type = lookup(types, record.type, 'type');
    const method = lookup(type.authMethods, record.auth_method, 'auth_method');
    return {
      record,
      type,
      method,
      cloud: cloudOf(type),
      config: parseConfig(method, record.config),
    };
  }

  function openSaved(record: ConnectorRecord): OpenConnector {
    try {
      return open(record);
    } catch (error) {
      const { code, subject, reason, hint } = toValetkeyError(error);
      if (code !== 'INPUT_INVALID') throw error;
      throw new ValetkeyError('CATALOG_CORRUPT', {
        subject: record.name,
        reason: [subject, reason].filter((part) => part !== undefined).join(': '),
        ...(hint === undefined ? {} : { hint }),
      });
    }
  }

  async function inputOf({ record, method, config }: OpenConnector): Promise<ConnectorInput> {
    const wanted = Object.keys(method.secret.shape);
    const stored =
      wanted.length === 0 ? {} : await store.get(record.secret ?? secretIdOf(record.name));
    if (stored === undefined && (record.secret_fields.length > 0 || requiresSecret(method))) {
      throw new ValetkeyError('SECRET_MISSING', {
        reason: `the ${store.kind} store has no item for it`,
        hint: `store it again with: valetkey connector update ${record.name}, or choose the right store with VALETKEY_STORE`,
      });
    }
    const expiry = record.expires_at === undefined ? undefined : Date.parse(record.expires_at);
    return {
      name: record.name,
      config,
      secret: stored ?? {},
      login: method.login === undefined ? undefined : await loginOf(record),
      expiresAt: expiry,
    };
  }

  async function loginOf(record: ConnectorRecord): Promise<SecretFields | undefined> {
    const fields = await store.get(loginSecretIdOf(record.name));
    const until = Number(fields?.[LOGIN_EXPIRY]?.reveal() ?? Number.NaN);
    return until > machine.clock.now() ? fields : undefined;
  }

  async function saveLogin(record: ConnectorRecord, result: LoginResult): Promise<void> {
    await store.set(loginSecretIdOf(record.name), {
      ...result.fields,
      [LOGIN_EXPIRY]: hide(String(result.expiresAt)),
    });
  }

  function keepLogin(record: ConnectorRecord, result: LoginResult): Promise<void> {
    return options.lock(async () => {
      const now = await options.record(record.name);
      if (now.id === record.id) return saveLogin(now, result);
      throw new ValetkeyError('BUSY', {
        subject: record.name,
        reason: 'the connector was replaced during the login',
        hint: `log in again with: valetkey connector login ${record.name}`,
      });
    });
  }

  /** Keeps what a renewal brought, unless a person has logged in meanwhile, who may be another. */
  async function keepRenewed(
    record: ConnectorRecord,
    before: SecretFields | undefined,
    result: LoginResult,
  ): Promise<void> {
    await options.lock(async () => {
      const now = await options.record(record.name);
      if (now.id !== record.id || !isSameLogin(await loginOf(now), before)) return;
      await saveLogin(now, result);
    });
  }

  async function issueWith(
    { record, type, method, cloud, config }: OpenConnector,
    input: ConnectorInput,
    request: IssueRequest,
    signal: AbortSignal,
  ): Promise<Issued> {
    if (method.implicit === true && machine.implicit.allow.length === 0) {
      throw new ValetkeyError('IMPLICIT_FORBIDDEN', {
        hint: 'list what it may yield (AWS account ids and role ARNs, Google account e-mails, Azure object and client ids) under policy.implicit.allow in config.yaml',
      });
    }
    if (input.expiresAt !== undefined && input.expiresAt <= machine.clock.now()) {
      throw new ValetkeyError('CREDENTIAL_EXPIRED', {
        hint: `store a new one with: valetkey connector update ${record.name}`,
      });
    }
    const wanted = type.merge(
      request.resources.map((resource) => scopeOf(type, record, resource, config)),
    );
    const narrows = wanted !== undefined && method.narrows(config, wanted);
    if (wanted !== undefined && !narrows && !record.allow_unscoped) {
      throw new ValetkeyError('SCOPE_UNSUPPORTED', {
        reason: `${method.kind} credentials carry all the permissions of their identity`,
        hint: `use ${method.alternatives ?? 'another auth method'}, or accept that with: valetkey connector update ${record.name} --allow-unscoped`,
      });
    }
    const scope = narrows ? wanted : undefined;
    const asked = {
      connector: input,
      config,
      seconds: secondsFor(method, config, request.seconds ?? record.expiration_seconds),
      cloud,
      machine,
      signal,
      saveLogin: (result: LoginResult) => keepRenewed(record, input.login, result),
    };
    const { token } = request;
    const credential =
      token?.kind === 'id-token'
        ? await idTokenOf(
            method,
            { ...asked, audience: token.audience },
            forInstances(type, request),
          )
        : await method.issue({
            ...asked,
            scope,
            scopes: chosenScopes(type, method.kind, config, request),
          });
    return {
      request,
      credential: validated(method, credential, config, machine.clock.now()),
      connectorType: type.kind,
      authMethod: method.kind,
      narrowed: wanted === undefined || narrows,
      scope: type.asSent?.(scope, config) ?? null,
    };
  }

  return {
    open,
    openSaved,
    inputOf,
    issueWith,
    saveLogin,
    keepLogin,
    async issue(request, signal) {
      try {
        const opened = openSaved(await options.record(request.connector));
        return await issueWith(opened, await inputOf(opened), request, signal);
      } catch (error) {
        throw withSubject(error, request.connector);
      }
    },
  };
}

/** What is for single resources is no proof of who somebody is: the whole identity would be handed out. */
function forInstances(type: ConnectorType, { resources }: IssueRequest): boolean {
  return resources.every((resource) => type.resourceTypes[resource.type]?.instances === true);
}

function idTokenOf(
  method: AuthMethod,
  input: Parameters<NonNullable<AuthMethod['issueIdToken']>>[0],
  bounded: boolean,
) {
  if (method.issueIdToken !== undefined && !bounded) return method.issueIdToken(input);
  throw new ValetkeyError('ID_TOKEN_UNSUPPORTED', {
    reason: bounded
      ? 'it is for single resources'
      : `${method.kind} connectors cannot make identity tokens`,
  });
}

function requiresSecret(method: AuthMethod): boolean {
  return !method.secret.safeParse({}).success;
}
