import { testDaemon } from '../support/daemon.ts';
import type { TestDaemon } from '../support/daemon.ts';
import { testGoogle } from '../support/google.ts';
import type { TestGoogle } from '../support/google.ts';
import { get } from '../support/http.ts';
import { fieldsOfJson } from '../support/json.ts';

const ACCOUNTS = '/computeMetadata/v1/instance/service-accounts';
const LISTENER = '127.0.0.1:0';

export const CONNECTOR = 'gcp-dev';
export const AUDIENCE = 'https://service.example';

export type Reply = Awaited<ReturnType<typeof get>>;

/** A daemon whose one workload is known by its listener, on injected time, with Google beside it. */
export interface GoogleBed extends TestGoogle {
  readonly daemon: TestDaemon;
  /** `default/token` with or without a query, asked once. */
  token(query?: string): Promise<Reply>;
  identity(audience?: string): Promise<Reply>;
  /** Asks, and lets the injected time go on until there is an answer. */
  patiently(ask: () => Promise<Reply>): Promise<Reply>;
  /**
   * Asks again after a minute until the answer is of this status; the last answer after the fourth.
   * A call that is under way while the injected time takes a leap is given up, and that is remembered
   * for a minute at most.
   */
  until(status: number, ask: () => Promise<Reply>): Promise<Reply>;
  /** Lines of the log so far, of one kind of event. */
  logged(event: string): readonly Readonly<Record<string, unknown>>[];
}

export interface GoogleBedOptions {
  /** Of the connector; default: `service-account` by a key of the robot’s. */
  readonly connector?: (world: TestGoogle) => {
    readonly auth_method: string;
    readonly attributes: Record<string, string>;
    readonly expires_at?: string;
    readonly expiration_seconds?: number;
  };
  /** More of the workload’s only grant, in YAML: `, scopes: [openid]`. */
  readonly grant?: string;
  readonly logLevel?: 'debug' | 'info';
}

export async function googleBed(options: GoogleBedOptions = {}): Promise<GoogleBed> {
  const world = await testGoogle();
  const { clock } = world;
  const daemon = await testDaemon({
    env: world.env,
    clock,
    config:
      `listeners: [{ address: "${LISTENER}", endpoints: [gce-metadata] }]\n` +
      `log: { level: ${options.logLevel ?? 'info'} }\n` +
      'workloads:\n  dev:\n' +
      `    grants: [{ connector: ${CONNECTOR}${options.grant ?? ''} }]\n` +
      `    clients: [{ listener: "${LISTENER}" }]\n`,
  });
  await daemon.api.register({
    name: CONNECTOR,
    type: 'gcp',
    auth_method: 'service-account',
    attributes: world.keyAttributes,
    ...options.connector?.(world),
    verify: false,
  });
  const ask = (path: string) =>
    get(`${daemon.baseUrl}${ACCOUNTS}/${path}`, { 'Metadata-Flavor': 'Google' });
  const patiently: GoogleBed['patiently'] = async (start) => {
    const answer = start();
    const state = { done: false };
    void answer.finally(() => (state.done = true)).catch(() => {});
    for (let turn = 0; turn < 2_000 && !state.done; turn += 1) {
      await new Promise((resolve) => setTimeout(resolve, 1));
      if (turn % 20 === 19) await clock.advance(100);
    }
    return answer;
  };
  return {
    ...world,
    daemon,
    token: (query = '') => ask(`default/token${query}`),
    identity: (audience = AUDIENCE) =>
      ask(`default/identity?audience=${encodeURIComponent(audience)}`),
    patiently,
    async until(status, start) {
      for (let minute = 0; ; minute += 1) {
        const answer = await patiently(start);
        if (answer.status === status || minute === 4) return answer;
        await clock.advance(61_000);
      }
    },
    logged: (event) =>
      daemon
        .logText()
        .split('\n')
        .filter((line) => line !== '')
        .map(fieldsOfJson)
        .filter((line) => line['event'] === event),
  };
}

export const tokenIn = ({ body }: Reply): unknown => fieldsOfJson(body)['access_token'];
export const secondsIn = ({ body }: Reply): number => Number(fieldsOfJson(body)['expires_in']);
