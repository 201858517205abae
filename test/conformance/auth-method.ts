import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';

import type { AuthMethod, ConnectorType, Machine } from '../../src/connectors/contract.ts';
import { secret, type Secret } from '../../src/core/secret.ts';

/** A method set up so that it works, and the upstream that it asks. */
export interface MethodSpecimen {
  readonly machine: Machine;
  readonly cloud: unknown;
  /** As a person writes it. */
  readonly config: Readonly<Record<string, unknown>>;
  readonly secret: Readonly<Record<string, string>>;
  readonly login?: Readonly<Record<string, Secret>> | undefined;
  readonly expiresAt?: number | undefined;
  /** Texts that must never be in what is handed out, nor in an error. */
  readonly longLived: readonly string[];
  /** How many requests reached the upstream so far. */
  calls(): number;
  /** Runs `during` while nobody answers. */
  outage(during: () => Promise<void>): Promise<void>;
  /** Runs `during` while every answer is a denial. */
  denial(during: () => Promise<void>): Promise<void>;
}

export interface MethodsUnderTest {
  readonly specimens: Readonly<Record<string, () => Promise<MethodSpecimen>>>;
  /** Methods whose answer needs no upstream call, each with its reason. */
  readonly offline?: Readonly<Record<string, string>>;
}

/** What every auth method of a type must do; see the duties on `AuthMethodSpec`. */
export function describeAuthMethods(type: ConnectorType, under: MethodsUnderTest): void {
  describe(`auth methods of ${type.kind}`, () => {
    it('each is in the file of its name, and each file is registered', () => {
      const folder = new URL(`../../src/connectors/${type.kind}/auth-methods/`, import.meta.url);
      const files = readdirSync(folder).map((file) => file.replace(/\.ts$/, ''));
      expect(Object.keys(type.authMethods).sort()).toEqual(files.sort());
    });

    it('each has a specimen here', () => {
      expect(Object.keys(under.specimens).sort()).toEqual(Object.keys(type.authMethods).sort());
    });

    for (const [key, method] of Object.entries(type.authMethods)) {
      const specimen = under.specimens[key];
      describe(key, () => {
        describeEntry(key, method);
        if (specimen !== undefined) describeIssue(method, specimen, under.offline?.[key]);
      });
    }
  });
}

function describeEntry(key: string, method: AuthMethod): void {
  const fields = { ...method.config.shape, ...method.secret.shape };

  it('says what it is', () => {
    expect(method.kind).toBe(key);
    expect(key).toMatch(/^[a-z][a-z0-9]*(-[a-z][a-z0-9]*)*$/);
    expect(method.title).toMatch(/^\S.{2,60}[^.]$/);
    expect(method.description).toMatch(/^\S[^]{40,}\.$/);
  });

  it('describes every field, in words of its own', () => {
    for (const [name, schema] of Object.entries(fields)) {
      expect(name).toMatch(/^[a-z][a-z0-9_]*$/);
      expect([name, descriptionOf(schema)]).toEqual([name, expect.stringMatching(/^[^]{8,120}$/)]);
    }
  });

  it('keeps public and secret fields apart', () => {
    const names = Object.keys(method.config.shape);
    expect(Object.keys(method.secret.shape).filter((name) => names.includes(name))).toEqual([]);
    const shown = names.filter((name) => /secret|password|private_key|session_token$/.test(name));
    expect(shown).toEqual([]);
  });

  it('can be shown: its fields have a JSON Schema', () => {
    const schema = z.toJSONSchema(method.config, { io: 'input', unrepresentable: 'throw' });
    expect(schema.additionalProperties).toBe(false);
    for (const field of Object.values(method.secret.shape)) {
      expect(z.toJSONSchema(z.instanceof(z.ZodType).parse(field), { io: 'input' }).type).toBe(
        'string',
      );
    }
  });

  it('has lifetimes in order', () => {
    const { lifetime } = method;
    const { min, default: usual, max } = lifetime ?? { min: 1, default: 1, max: 1 };
    expect([min, usual, max]).toEqual([min, usual, max].sort((a, b) => a - b));
    expect(min).toBeGreaterThan(0);
  });
}

const hidden = (text: string, { longLived }: MethodSpecimen): void => {
  for (const value of longLived) expect(text).not.toContain(value);
};

function describeIssue(
  method: AuthMethod,
  makeSpecimen: () => Promise<MethodSpecimen>,
  offline: string | undefined,
): void {
  it('refuses a field it does not know', async () => {
    const { config } = await makeSpecimen();
    expect(method.config.safeParse(config).success).toBe(true);
    expect(method.config.safeParse({ ...config, no_such_field: 'x' }).success).toBe(false);
  });

  it('reads what it has read before in the same way', async () => {
    const once = method.config.parse((await makeSpecimen()).config);
    expect(method.config.parse(once)).toEqual(once);
  });

  it('names an alternative where it cannot narrow', async () => {
    const config = method.config.parse((await makeSpecimen()).config);
    if (!method.narrows(config)) expect(method.alternatives).toMatch(/^\S.{10,}/);
    const limits = method.lifetimeOf?.(config) ?? method.lifetime;
    if (limits !== undefined) expect(limits.min).toBeLessThanOrEqual(limits.max);
  });

  it('issues plain data that expires, without a long-lived secret', async () => {
    const specimen = await makeSpecimen();
    const credential = await issue(method, specimen, new AbortController().signal);
    expect(credential.kind).toBe(method.yields);
    expect(JSON.parse(JSON.stringify(credential))).toEqual(structuredClone(credential));
    const now = specimen.machine.clock.now();
    expect(credential.issuedAt).toBeLessThanOrEqual(now);
    expect(credential.expiresAt).toBeGreaterThan(now);
    hidden(JSON.stringify(credential), specimen);
  });

  it('asks nobody when it was aborted before', async () => {
    const specimen = await makeSpecimen();
    const before = specimen.calls();
    const reason = new Error('enough');
    if (offline === undefined) {
      await expect(issue(method, specimen, AbortSignal.abort(reason))).rejects.toBe(reason);
    }
    expect(specimen.calls()).toBe(before);
  });

  it.skipIf(offline !== undefined)(
    'tells an outage from a denial, and repeats no secret',
    async () => {
      const specimen = await makeSpecimen();
      const failing = async (): Promise<unknown> =>
        await issue(method, specimen, new AbortController().signal).then(
          () => undefined,
          (error: unknown) => error,
        );
      await specimen.outage(async () => {
        const error = await failing();
        expect(error).toMatchObject({ code: 'UPSTREAM_UNAVAILABLE' });
        hidden(`${String(error)} ${JSON.stringify(error)}`, specimen);
      });
      await specimen.denial(async () => {
        const error = await failing();
        expect(error).toMatchObject({ code: 'UPSTREAM_DENIED' });
        hidden(`${String(error)} ${JSON.stringify(error)}`, specimen);
      });
    },
  );

  it.skipIf(!requiresSecret(method))('names a secret that is missing', async () => {
    const specimen = { ...(await makeSpecimen()), secret: {} };
    await expect(issue(method, specimen, new AbortController().signal)).rejects.toMatchObject({
      code: 'SECRET_MISSING',
    });
  });
}

function descriptionOf(schema: unknown): string | undefined {
  return z.instanceof(z.ZodType).parse(schema).description;
}

function requiresSecret(method: AuthMethod): boolean {
  return !method.secret.safeParse({}).success;
}

async function issue(method: AuthMethod, specimen: MethodSpecimen, signal: AbortSignal) {
  const { machine, cloud, login, expiresAt } = specimen;
  const config = method.config.parse(specimen.config);
  const fields: Record<string, Secret> = {};
  for (const [name, value] of Object.entries(specimen.secret)) fields[name] = secret(value);
  return await method.issue({
    connector: {
      name: 'aws-dev',
      config,
      secret: fields,
      login,
      expiresAt,
    },
    config,
    scope: undefined,
    seconds: (method.lifetimeOf?.(config) ?? method.lifetime)?.default ?? 0,
    cloud,
    machine,
    signal,
    saveLogin: async () => {},
  });
}
