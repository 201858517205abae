import type { AzureReply } from './reply.ts';

/** A request Azure would refuse, in the words and shape of the service that refuses it. */
export interface Refusal extends Error {
  /** For the log: `AADSTS7000215`, `AuthorizationFailed`, `ContainerNotFound`. */
  readonly azureCode: string;
  /** `at`: ms since the epoch, by the stand-in's clock; `correlation`: the caller's own request id. */
  readonly reply: (about: { readonly at: number; readonly correlation: string }) => AzureReply;
}

export function refusal(azureCode: string, message: string, reply: Refusal['reply']): Refusal {
  return Object.assign(new Error(message), { azureCode, reply });
}

export function isRefusal(error: unknown): error is Refusal {
  return error instanceof Error && 'azureCode' in error;
}
