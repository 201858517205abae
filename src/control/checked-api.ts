import { ValetkeyError } from '../core/errors.ts';
import type { ControlApi } from './api.ts';
import type { Checked, Operation } from './schema.ts';

/** The verbs as they are implemented: inputs already checked. */
export type Verbs = {
  [K in Operation]: (input: Checked[K]) => ReturnType<ControlApi[K]>;
};

/**
 * Checks every input before its verb sees it, in process and over the socket alike. Throws
 * `INPUT_INVALID` with the field's path; the value is not repeated, it may be a secret.
 */
export function checkedApi(verbs: Verbs | ControlApi): ControlApi {
  const entries = (Object.keys(verbs) as Operation[]).map((operation) => [
    operation,
    async (input: unknown) => {
      // Built when somebody calls: a daemon's start has no use for the schemas.
      const { INPUTS } = await import('./schema.ts');
      const parsed = INPUTS[operation].safeParse(input);
      if (!parsed.success) {
        const [issue] = parsed.error.issues;
        const keys = issue?.code === 'unrecognized_keys' ? issue.keys.slice(0, 1) : [];
        const subject = [...(issue?.path.map(String) ?? []), ...keys].join('.');
        throw new ValetkeyError('INPUT_INVALID', {
          ...(subject === '' ? {} : { subject }),
          ...(issue === undefined ? {} : { reason: issue.message }),
        });
      }
      return verbs[operation](parsed.data as never);
    },
  ]);
  return Object.fromEntries(entries) as ControlApi;
}
