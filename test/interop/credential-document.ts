import { request, type Dispatcher } from 'undici';
import { z } from 'zod';

import type { Env } from '../beds/process.ts';

const EcsDocument = z.object({
  AccessKeyId: z.string(),
  SecretAccessKey: z.string(),
  Token: z.string(),
  Expiration: z.string(),
});
export type EcsDocument = z.infer<typeof EcsDocument>;

interface Reply {
  readonly status: number;
  readonly body: string;
}

/** Asks the container endpoint as an SDK does that was told these variables. (`fetch` would say it is a browser.) */
export async function askEcs(env: Env, dispatcher?: Dispatcher): Promise<Reply> {
  const { statusCode, body } = await request(env['AWS_CONTAINER_CREDENTIALS_FULL_URI'] ?? '', {
    headers: { authorization: env['AWS_CONTAINER_AUTHORIZATION_TOKEN'] ?? '' },
    ...(dispatcher === undefined ? {} : { dispatcher }),
  });
  return { status: statusCode, body: await body.text() };
}

/** The credential of that answer. Throws for every status but 200. */
export async function ecsDocument(env: Env): Promise<EcsDocument> {
  const { status, body } = await askEcs(env);
  if (status !== 200) throw new Error(`the endpoint answered ${status}: ${body}`);
  return EcsDocument.parse(JSON.parse(body));
}

/** The same credential as variables, which nobody renews. */
export const staticKeys = ({ AccessKeyId, SecretAccessKey, Token }: EcsDocument): Env => ({
  AWS_ACCESS_KEY_ID: AccessKeyId,
  AWS_SECRET_ACCESS_KEY: SecretAccessKey,
  AWS_SESSION_TOKEN: Token,
});
