import { parseArgs } from 'node:util';

import type { CredentialKind, Issued } from '../core/credential.ts';
import { ERRORS, toValetkeyError, ValetkeyError } from '../core/errors.ts';
import { parseGrant } from '../core/grant-text.ts';
import { defineHelper, type HelperInput } from './contract.ts';
import { callControl } from './control-call.ts';

const LOOKUP_MS = 1_000; // asks the daemon's memory alone; with start-up it stays below 2 s
const ISSUE_MS = 30_000; // a cold credential; the shortest client limit is Go's minute
const ANSWER_MS = 2_000; // for the daemon to say that its wait was in vain

/** What `workloadProfiles` answers, as far as it is needed here. */
interface Profiles {
  readonly workload: string;
  readonly profiles: readonly {
    readonly name: string;
    readonly kind: CredentialKind;
    readonly request: Issued['request'];
  }[];
}

/**
 * `credential_process` of the AWS configuration: one JSON document on stdout.
 * https://docs.aws.amazon.com/sdkref/latest/guide/feature-process-credentials.html
 */
export default defineHelper({
  kind: 'aws-credential-process',
  title: 'AWS credential_process',
  spec: 'https://docs.aws.amazon.com/sdkref/latest/guide/feature-process-credentials.html',
  command: 'credential-process',
  run: async (input) => {
    try {
      input.write(`${JSON.stringify(await document(input))}\n`);
      return 0;
    } catch (thrown) {
      const error = toValetkeyError(thrown);
      const hint = error.hint === undefined ? '' : ` (${error.hint})`;
      input.complain(`${error.message}${hint}`);
      return ERRORS[error.code].exit;
    }
  },
});

async function document({ argv, socketPath, uid, pid, now }: HelperInput) {
  const { target, profile } = parse(argv);
  const { workload, profiles } = await callControl<Profiles>({
    socketPath,
    operation: 'workloadProfiles',
    input: target,
    timeoutMs: LOOKUP_MS,
  });
  const chosen = profiles.find(
    ({ name, kind }) => kind === 'aws-session' && (profile === undefined || name === profile),
  );
  if (chosen === undefined) {
    throw new ValetkeyError('NOT_FOUND', {
      subject: `workload ${workload}`,
      reason: profile === undefined ? 'it has no AWS profile' : 'it has no such AWS profile',
    });
  }
  const { credential } = await callControl<Issued>({
    socketPath,
    operation: 'issue',
    input: {
      request: chosen.request,
      evidence: {
        workload,
        by: 'credential_process',
        endpoint: 'aws-credential-process',
        uid,
        pid,
      },
      wait_ms: ISSUE_MS,
    },
    timeoutMs: ISSUE_MS + ANSWER_MS,
  });
  // Every client takes a document without a future expiry for a credential that lasts for ever.
  if (credential.kind !== 'aws-session') throw new ValetkeyError('INTERNAL');
  if (!(credential.expiresAt > now())) throw new ValetkeyError('CREDENTIAL_EXPIRED');
  return {
    Version: 1, // a number: boto refuses "1"
    AccessKeyId: credential.accessKeyId,
    SecretAccessKey: credential.secretAccessKey,
    SessionToken: credential.sessionToken,
    Expiration: `${new Date(credential.expiresAt).toISOString().slice(0, 19)}Z`,
    AccountId: credential.accountId,
  };
}

function parse(argv: readonly string[]) {
  try {
    const { values } = parseArgs({
      args: [...argv],
      options: {
        workload: { type: 'string' },
        grant: { type: 'string', multiple: true },
        profile: { type: 'string' },
      },
    });
    const { workload, grant = [], profile } = values;
    if ((workload === undefined) === (grant.length === 0)) {
      throw new ValetkeyError('USAGE', { reason: 'either --workload or --grant is needed' });
    }
    const target = workload === undefined ? { grants: grant.map(parseGrant) } : { workload };
    return { target, profile };
  } catch (error) {
    if (error instanceof ValetkeyError) throw error;
    throw new ValetkeyError('USAGE', {
      reason: 'only --workload <name>, --grant <grant> and --profile <name> are known',
    });
  }
}
