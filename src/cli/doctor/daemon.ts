import { fromWire, ValetkeyError } from '../../core/errors.ts';
import type { StatusView } from '../../core/view.ts';
import type { Finding, Patient } from './check.ts';

/** The store, the daemon, where it listens and for whom. */
export function daemon(patient: Patient): readonly Finding[] {
  const { status, config } = patient;
  if (status instanceof ValetkeyError) {
    // Told already, as the configuration's fault.
    return config instanceof ValetkeyError ? [] : [failed('store', status)];
  }
  return [
    store(status),
    running(status, patient),
    ...listeners(status, patient),
    ...workloads(status),
  ];
}

function store({ store: { kind, location, error } }: StatusView): Finding {
  return error === undefined
    ? { about: 'store', verdict: 'ok', found: `${kind}, ${location}` }
    : failed('store', fromWire(error));
}

function failed(about: string, { message, hint }: ValetkeyError): Finding {
  return {
    about,
    verdict: 'problem',
    found: message,
    means: 'no stored secret can be used, and so no credential can be obtained',
    ...(hint === undefined ? {} : { mend: hint }),
  };
}

function running({ mode, pid, version }: StatusView, patient: Patient): Finding {
  const about = 'daemon';
  if (mode === 'in-process') {
    return {
      about,
      verdict: 'note',
      found: 'none is running',
      means: 'valetkey exec needs none; programs of a configured workload are answered by nobody',
      mend: 'valetkey serve',
    };
  }
  const found = `process ${pid}, version ${version}`;
  return version === patient.version
    ? { about, verdict: 'ok', found }
    : {
        about,
        verdict: 'note',
        found,
        means: `this command is of version ${patient.version}`,
        mend: 'restart the daemon',
      };
}

function listeners(status: StatusView, { config }: Patient): readonly Finding[] {
  if (status.mode === 'in-process' || config instanceof ValetkeyError) return [];
  const open = status.listeners.map(({ address, endpoints }): Finding => ({
    about: 'listener',
    verdict: 'ok',
    found: `${address}: ${endpoints.join(', ')}`,
  }));
  const served = new Set(status.listeners.map(({ address }) => address));
  const missing = config.listeners
    .map(({ address }) => address)
    // A port that the system chose, and a socket from systemd, have another name by now.
    .filter((address) => !served.has(address.replace(/^unix:/, '')) && !/^fd:|:0$/.test(address))
    .map((address): Finding => ({
      about: 'listener',
      verdict: 'problem',
      found: `${address} is configured and not open`,
      means: 'listeners are opened when the daemon starts',
      mend: 'restart the daemon',
    }));
  return [...open, ...missing];
}

function workloads(status: StatusView): readonly Finding[] {
  return status.workloads.flatMap(({ name, error }): readonly Finding[] => {
    if (error === undefined) return [];
    const { message, hint } = fromWire(error);
    return [
      {
        about: `workload ${name}`,
        verdict: 'problem',
        found: message,
        means: 'its programs get an error in place of a credential',
        ...(hint === undefined ? {} : { mend: hint }),
      },
    ];
  });
}
