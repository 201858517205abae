import { WORKLOAD } from './bed.ts';
import { exchange, requestText } from './exchange.ts';
import type { Answer, Target } from './exchange.ts';

/** What is asked again and again. */
export interface Targets {
  /** A cached credential over the container protocol. */
  readonly ecs: Target;
  /** The same over the instance metadata service, version 2. */
  readonly imds: Target;
  /**
   * A cached access token over the Google metadata server. Its answer changes each second; the bare
   * server sends the first one over and over, which has as many bytes: `expires_in` has four digits
   * from an hour down to less than is ever left.
   */
  readonly gce: Target;
  /** A cached token over Azure's instance metadata service; its answer changes like Google's. */
  readonly azureImds: Target;
  /** The same over App Service's shape, by the workload's secret in a header. */
  readonly appService: Target;
}

/** Refused for want of a secret: answered without a cloud. */
export const REFUSED: Target = { path: '/v1/credentials', status: 403 };

const GCE_TOKEN: Target = {
  path: '/computeMetadata/v1/instance/service-accounts/default/token',
  headers: { 'Metadata-Flavor': 'Google' },
};

const AZURE_IMDS: Target = {
  path: '/metadata/identity/oauth2/token?api-version=2018-02-01&resource=https%3A%2F%2Fstorage.azure.com',
  headers: { Metadata: 'true' },
};

const APP_SERVICE_PATH =
  '/msi/token?api-version=2019-08-01&resource=https%3A%2F%2Fstorage.azure.com';

const ROLES = '/latest/meta-data/iam/security-credentials/';

/** The targets of a running daemon; takes an IMDSv2 token for as long as there are any. */
export async function targetsOf(port: number, token: string): Promise<Targets> {
  const session = await exchange(
    port,
    requestText(port, {
      method: 'PUT',
      path: '/latest/api/token',
      headers: { 'X-aws-ec2-metadata-token-ttl-seconds': '21600' },
    }),
  );
  if (session.status !== 200) throw new Error(`no IMDSv2 token: ${session.raw}`);
  const headers = { 'X-aws-ec2-metadata-token': session.body };
  return {
    ecs: { path: '/v1/credentials', headers: { Authorization: token } },
    imds: { path: `${ROLES}${WORKLOAD}`, headers },
    gce: GCE_TOKEN,
    azureImds: AZURE_IMDS,
    appService: { path: APP_SERVICE_PATH, headers: { 'X-IDENTITY-HEADER': token } },
  };
}

/** The answer to a target, asked again while the first credential is still on its way. */
export async function answerTo(port: number, target: Target): Promise<Answer> {
  for (let attempt = 0; ; attempt++) {
    const answer = await exchange(port, requestText(port, target));
    if (answer.status === (target.status ?? 200)) return answer;
    if (attempt === 20) throw new Error(`${target.path}: ${answer.raw}`);
    await new Promise((resolve) => void setTimeout(resolve, 250));
  }
}
