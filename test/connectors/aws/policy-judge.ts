import type { SessionPolicy } from '../../../src/connectors/aws/cloud.ts';
import { parsePolicy } from '../../../src/stand-ins/aws/policy-document.ts';
import { evaluate } from '../../../src/stand-ins/aws/policy.ts';

/** One thing to do: `s3:GetObject arn:aws:s3:::b/k`, and condition keys in lower case. */
export interface Deed {
  readonly action: string;
  readonly resource: string;
  readonly context?: Readonly<Record<string, string>>;
}

/** Judged by an evaluator that was written from IAM's documentation, not from our policies. */
export function judge(
  policy: SessionPolicy | undefined,
  managed: readonly object[] = [],
): (deed: Deed) => boolean {
  if (policy === undefined) return () => true;
  const documents = [...managed, ...(policy.inline === undefined ? [] : [policy.inline])];
  const policies = documents.map((document) => parsePolicy(document, 'identity'));
  return (deed) => {
    const context = new Map(
      Object.entries(deed.context ?? {}).map(([key, value]) => [key, [value]]),
    );
    return evaluate(policies, { ...deed, context }) === 'allow';
  };
}

export function allows(
  policy: SessionPolicy | undefined,
  deed: Deed,
  managed: readonly object[] = [],
): boolean {
  return judge(policy, managed)(deed);
}
