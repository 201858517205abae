import type { Refusal } from './refusal.ts';
import type { AwsReply, AwsRequest } from './request.ts';

/** One visit to a service; the service fills in who came and what for, for the log. */
export interface Visit {
  /** ms since the epoch, by the stand-in's clock. */
  readonly now: number;
  principal?: string;
  parameters?: Readonly<Record<string, string>>;
}

/** One AWS service: `refuse` renders any refusal in the service's own error shape. */
export interface Service {
  readonly name: 'sts' | 's3' | 'sso' | 'sso-oidc';
  /** The API operation asked for, before anything is verified: faults and counters go by it. */
  operation(request: AwsRequest): string;
  /** Throws a Refusal. */
  answer(request: AwsRequest, visit: Visit): Promise<AwsReply>;
  refuse(refusal: Refusal): AwsReply;
  /** How this service says "too many requests". */
  throttled(): Refusal;
}
