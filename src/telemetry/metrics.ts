import type { Listener } from '../core/events.ts';

/** Label values a person or a client chooses are counted up to this many, the rest as `other`. */
const MOST_SERIES = 200;

const METRICS = {
  valetkey_requests_total: { help: 'Requests answered', labels: ['endpoint', 'status'] },
  valetkey_refused_total: { help: 'Requests refused', labels: ['why'] },
  valetkey_credentials_issued_total: {
    help: 'Credentials handed to a workload',
    labels: ['connector'],
  },
  valetkey_credentials_obtained_total: {
    help: 'Credentials obtained from a cloud',
    labels: ['connector', 'renewal'],
  },
  valetkey_upstream_failures_total: {
    help: 'Failed upstream calls',
    labels: ['connector', 'code'],
  },
  valetkey_clock_steps_total: { help: 'Clock steps and sleeps noticed', labels: [] },
} as const;

type MetricName = keyof typeof METRICS;

/**
 * Counts events. The metrics library is loaded when somebody asks for the text, so counting costs an
 * addition and start costs nothing.
 */
export function createMetrics(): { readonly listen: Listener; render(): Promise<string> } {
  const series = new Map<
    string,
    { readonly name: MetricName; readonly labels: Record<string, string>; count: number }
  >();

  function add(name: MetricName, values: readonly string[]): void {
    let key = [name, ...values].join('\n');
    let chosen = values;
    if (!series.has(key) && series.size >= MOST_SERIES) {
      chosen = values.map(() => 'other');
      key = [name, ...chosen].join('\n');
    }
    const found = series.get(key);
    if (found !== undefined) {
      found.count += 1;
      return;
    }
    const labels = Object.fromEntries(
      METRICS[name].labels.map((label, i) => [label, chosen[i] ?? '']),
    );
    series.set(key, { name, labels, count: 1 });
  }

  return {
    listen(event) {
      switch (event.type) {
        case 'answered':
          return add('valetkey_requests_total', [event.endpoint, String(event.status)]);
        case 'refused':
          return add('valetkey_refused_total', [event.why]);
        case 'issued':
          return add('valetkey_credentials_issued_total', [event.subject.connector]);
        case 'obtained':
          return add('valetkey_credentials_obtained_total', [
            event.subject.connector,
            String(event.renewal),
          ]);
        case 'failed':
          return add('valetkey_upstream_failures_total', [event.subject.connector, event.code]);
        case 'clock-stepped':
          return add('valetkey_clock_steps_total', []);
        case 'config-reloaded':
        case 'config-rejected':
          return undefined;
      }
    },
    async render() {
      const { Counter, Registry } = await import('prom-client');
      const registry = new Registry();
      for (const [name, { help, labels }] of Object.entries(METRICS)) {
        const counter = new Counter({ name, help, labelNames: [...labels], registers: [registry] });
        for (const one of series.values())
          if (one.name === name) counter.inc(one.labels, one.count);
      }
      return registry.metrics();
    },
  };
}
