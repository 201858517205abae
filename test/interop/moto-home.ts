import { generateIdentity } from 'age-encryption';

import type { MotoBed } from '../beds/moto.ts';
import { answer, clients, type Client } from './clients.ts';
import { execWords, install, type Installation } from './harness.ts';

const [boto3] = clients as readonly [Client, ...Client[]];

export const roleOf = ({ svc, roleArn }: MotoBed) => ({ keys: svc, roleArn });

/** An installation whose cloud is moto. Its store opens with an age identity: no time goes into deriving keys. */
export const motoHome = async (moto: MotoBed, home?: string): Promise<Installation> =>
  install({
    env: { AWS_ENDPOINT_URL: moto.endpoint },
    key: await generateIdentity(),
    ...(home === undefined ? {} : { home }),
  });

export interface ListedConnector {
  readonly name: string;
  readonly error?: { readonly code: string };
}

export const listed = async (home: Installation): Promise<readonly ListedConnector[]> =>
  JSON.parse(await home.must(['connector', 'list', '-o', 'json'])) as ListedConnector[];

export const names = async (home: Installation): Promise<readonly string[]> =>
  (await listed(home)).map(({ name }) => name);

/** Whoever the connector's credentials are, as moto sees a client that was given them. */
export async function identityOf(
  home: Installation,
  moto: MotoBed,
  connector: string,
): Promise<unknown> {
  const env = { ...home.names, ...moto.env };
  return answer(await boto3.run('identity', [], env, { inside: execWords(connector) }))['arn'];
}
