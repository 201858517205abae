import type { Event, Listener } from '../core/events.ts';

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

interface Series {
  readonly name: MetricName;
  readonly labels: Record<string, string>;
  count: number;
}

/**
 * Counts events. The metrics library is loaded when somebody asks for the text, so counting costs an
 * addition and start costs nothing.
 */
export function createMetrics(): { readonly listen: Listener; render(): Promise<string> } {
  const series = new Map<string, Series>();
  /** The series of events that are made once and emitted for every request. */
  const known = new WeakMap<Event, Series>();

  function add(name: MetricName, values: readonly string[]): Series {
    let key = [name, ...values].join('\n');
    let chosen = values;
    if (!series.has(key) && series.size >= MOST_SERIES) {
      chosen = values.map(() => 'other');
      key = [name, ...chosen].join('\n');
    }
    const found = series.get(key);
    if (found !== undefined) {
      found.count += 1;
      return found;
    }
    const labels = Object.fromEntries(
      METRICS[name].labels.map((label, i) => [label, chosen[i] ?? '']),
    );
    const made = { name, labels, count: 1 };
    series.set(key, made);
    return made;
  }

  return {
    listen(event) {
      switch (event.type) {
        case 'answered': {
          const counted = known.get(event);
          if (counted !== undefined) counted.count += 1;
          else {
            const values = [event.endpoint, String(event.status)];
            known.set(event, add('valetkey_requests_total', values));
          }
          return;
        }
        case 'refused':
          add('valetkey_refused_total', [event.why]);
          return;
        case 'issued':
          add('valetkey_credentials_issued_total', [event.subject.connector]);
          return;
        case 'obtained':
          add('valetkey_credentials_obtained_total', [
            event.subject.connector,
            String(event.renewal),
          ]);
          return;
        case 'failed':
          add('valetkey_upstream_failures_total', [event.subject.connector, event.code]);
          return;
        case 'clock-stepped':
          add('valetkey_clock_steps_total', []);
          return;
        case 'config-reloaded':
        case 'config-rejected':
          return;
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
