import { resolvePaths } from '../../config/paths.ts';
import { ValetkeyError } from '../../core/errors.ts';
import type { Finding, Patient } from './check.ts';

const OLDEST_NODE = 20; // package.json, "engines"

/** valetkey itself: the Node it runs on, the system, its configuration. */
export function program(patient: Patient): readonly Finding[] {
  return [node(patient), ...peers(patient), configuration(patient)];
}

function node({ node: found }: Patient): Finding {
  return Number(/^v(\d+)/.exec(found)?.[1]) >= OLDEST_NODE
    ? { about: 'node', verdict: 'ok', found }
    : {
        about: 'node',
        verdict: 'problem',
        found,
        means: `the cloud libraries need Node ${OLDEST_NODE} or newer`,
        mend: 'in the folder of valetkey: npm ci',
      };
}

function peers({ platform }: Patient): readonly Finding[] {
  if (platform === 'linux') return [];
  return [
    {
      about: 'system',
      verdict: 'note',
      found: platform,
      means:
        'the kernel does not say who is at the other end of a connection, so clients that show no secret (metadata servers as those of EC2, Google and Azure) are nobody',
      mend: 'where only you use this machine: any_user: true among the clients of a workload in config.yaml',
    },
  ];
}

function configuration({ config, env }: Patient): Finding {
  const { config: path } = resolvePaths(env);
  if (config instanceof ValetkeyError) {
    return {
      about: 'configuration',
      verdict: 'problem',
      found: config.message,
      means: 'no command can start; a running daemon goes on with what it read before',
      ...(config.hint === undefined ? {} : { mend: config.hint }),
    };
  }
  const workloads = Object.keys(config.workloads).length;
  const found = `${path}, ${workloads} workload${workloads === 1 ? '' : 's'}`;
  return { about: 'configuration', verdict: 'ok', found };
}
