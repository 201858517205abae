import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { testAzure } from '../support/azure.ts';
import type { TestAzure } from '../support/azure.ts';
import { testDaemon } from '../support/daemon.ts';
import type { TestDaemon } from '../support/daemon.ts';
import { get } from '../support/http.ts';
import { fieldsOfJson } from '../support/json.ts';

const LISTENER = '127.0.0.1:0';
const TOKEN_PATH = '/metadata/identity/oauth2/token';

export const CONNECTOR = 'azure-dev';
export const STORAGE = 'https://storage.azure.com';
export const VAULT = 'https://vault.azure.net';

export type Reply = Awaited<ReturnType<typeof get>>;

/** A daemon on injected time whose one workload has two ways to its tokens, with Azure beside it. */
export interface AzureBed extends TestAzure {
  readonly daemon: TestDaemon;
  /** The workload's secret. */
  readonly bearer: string;
  /** By the instance metadata service, once; `more` is a part of the query. */
  imds(resource?: string, more?: string): Promise<Reply>;
  /** The same in App Service's shape. */
  appService(resource?: string, more?: string): Promise<Reply>;
  /** Asks, and lets the injected time go on until there is an answer. */
  patiently(ask: () => Promise<Reply>): Promise<Reply>;
  /** Asks after each minute until there is a token again; the last answer after the third. */
  recovered(ask: () => Promise<Reply>): Promise<Reply>;
  /** Lines of the log so far, of one kind of event. */
  logged(event: string): readonly Readonly<Record<string, unknown>>[];
  /** Waits until as many of them are there, for what is given up later than a client is told something. */
  until(event: string, count: number): Promise<void>;
  /** How often Entra was asked for a token. */
  exchanges(): number;
}

export interface AzureBedOptions {
  /** Of the connector; default: `service-principal` by a secret of the app's. */
  readonly connector?: (world: TestAzure) => {
    readonly auth_method: string;
    readonly attributes: Record<string, string>;
  };
  /** More of the workload's only grant, in YAML: `, scopes: ["https://vault.azure.net"]`. */
  readonly grant?: string;
}

export async function azureBed(options: AzureBedOptions = {}): Promise<AzureBed> {
  const world = await testAzure();
  const { azure, clock } = world;
  const daemon = await testDaemon({
    env: world.env,
    clock,
    config:
      `listeners: [{ address: "${LISTENER}", endpoints: [azure-imds, azure-app-service] }]\n` +
      'workloads:\n  dev:\n' +
      `    grants: [{ connector: ${CONNECTOR}${options.grant ?? ''} }]\n` +
      `    clients: [{ token: true }, { listener: "${LISTENER}" }]\n`,
  });
  await daemon.api.register({
    name: CONNECTOR,
    type: 'azure',
    auth_method: 'service-principal',
    attributes: world.secretAttributes,
    ...options.connector?.(world),
    verify: false,
  });
  const bearer = await readFile(join(daemon.home, 'run/tokens/dev'), 'utf8');
  const query = (version: string, resource: string, more: string) =>
    `?api-version=${version}&resource=${encodeURIComponent(resource)}${more}`;
  const imds: AzureBed['imds'] = (resource = STORAGE, more = '') =>
    get(`${daemon.baseUrl}${TOKEN_PATH}${query('2018-02-01', resource, more)}`, {
      Metadata: 'true',
    });
  const appService: AzureBed['appService'] = (resource = STORAGE, more = '') =>
    get(`${daemon.baseUrl}/msi/token${query('2019-08-01', resource, more)}`, {
      'X-IDENTITY-HEADER': bearer,
    });
  const patiently: AzureBed['patiently'] = async (start) => {
    const answer = start();
    const state = { done: false };
    void answer.finally(() => (state.done = true)).catch(() => {});
    for (let turn = 0; turn < 2_000 && !state.done; turn += 1) {
      await new Promise((resolve) => setTimeout(resolve, 1));
      if (turn % 20 === 19) await clock.advance(100);
    }
    return answer;
  };
  const logged: AzureBed['logged'] = (event) =>
    daemon
      .logText()
      .split('\n')
      .filter((line) => line !== '')
      .map(fieldsOfJson)
      .filter((line) => line['event'] === event);
  return {
    ...world,
    daemon,
    bearer,
    imds,
    appService,
    patiently,
    async recovered(start) {
      for (let minute = 1; ; minute += 1) {
        await clock.advance(61_000); // no failure is remembered for longer
        const answer = await patiently(start);
        if (answer.status === 200 || minute === 3) return answer;
      }
    },
    logged,
    async until(event, count) {
      while (logged(event).length < count) {
        await clock.advance(100);
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
    },
    exchanges: () =>
      Object.entries(azure.calls.all())
        .filter(([operation]) => operation.startsWith('entra:'))
        .reduce((sum, [, count]) => sum + count, 0),
  };
}

export const tokenIn = ({ body }: Reply): unknown => fieldsOfJson(body)['access_token'];
export const secondsIn = ({ body }: Reply): number => Number(fieldsOfJson(body)['expires_in']);
export const wordIn = ({ body }: Reply): unknown => fieldsOfJson(body)['error'];
export const textIn = ({ body }: Reply): string => {
  const fields = fieldsOfJson(body);
  return String(fields['error_description'] ?? fields['message']);
};
