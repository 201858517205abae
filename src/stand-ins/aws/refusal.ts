/** A request AWS would refuse: its error code, HTTP status and text, before any service renders it. */
export interface Refusal extends Error {
  readonly awsCode: string;
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
}

export function refusal(
  awsCode: string,
  status: number,
  message: string,
  headers: Readonly<Record<string, string>> = {},
): Refusal {
  return Object.assign(new Error(message), { awsCode, status, headers });
}

export function isRefusal(error: unknown): error is Refusal {
  return error instanceof Error && 'awsCode' in error;
}
