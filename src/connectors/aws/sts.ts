import { LRUCache } from 'lru-cache';
import type * as StsSdk from '@aws-sdk/client-sts';
import { z } from 'zod';

import type { AwsSession } from '../../core/credential.ts';
import { ValetkeyError } from '../../core/errors.ts';
import type { Machine } from '../contract.ts';
import { accountOf, parseRoleArn } from './arn.ts';
import type {
  AwsKeys,
  CallerIdentity,
  RoleHop,
  SessionPolicy,
  Sts,
  StsPlace,
  Tag,
} from './cloud.ts';
import { keysOf } from './access-key.ts';
import { mapSdkError } from './sdk-errors.ts';
import { createHttpHandler, explicitOptions, resolvePlace, signBy } from './sdk-options.ts';

type Sdk = typeof StsSdk;
type Principal = Pick<AwsSession, 'accountId' | 'principalArn' | 'roleArn'>;
type Call<T> = (
  client: StsSdk.STSClient,
  sdk: Sdk,
  options: { abortSignal: AbortSignal },
) => Promise<T>;

const Keys = z.object({
  AccessKeyId: z.string().min(1),
  SecretAccessKey: z.string().min(1),
  SessionToken: z.string().min(1),
  Expiration: z.date(),
});
const Identity = z.object({ Account: z.string(), Arn: z.string().min(1) });
const AssumedRole = z.object({ Arn: z.string().min(1) });

/** Identities remembered, by access key id. */
const IDENTITIES_MAX = 256;

/**
 * STS by AWS's SDK, which is loaded at the first call.
 * https://docs.aws.amazon.com/STS/latest/APIReference/
 */
export function createSts(machine: Machine): Sts {
  const { env, clock } = machine;
  const handler = createHttpHandler(env);
  const identities = new LRUCache<string, CallerIdentity>({ max: IDENTITIES_MAX });

  /** A client is made per call, in a tenth of a millisecond, so that none outlives its keys. */
  async function call<T>(
    keys: AwsKeys | undefined,
    place: ReturnType<typeof placeOf>,
    signal: AbortSignal,
    run: Call<T>,
  ): Promise<T> {
    signal.throwIfAborted();
    try {
      const [sdk, requestHandler] = await Promise.all([import('@aws-sdk/client-sts'), handler()]);
      const client = new sdk.STSClient({ ...explicitOptions(env, place, keys), requestHandler });
      signBy(machine, client);
      return await run(client, sdk, { abortSignal: signal });
    } catch (error) {
      throw mapSdkError(error, clock.now(), signal);
    }
  }

  const placeOf = (place: StsPlace, partition?: string) =>
    resolvePlace(env, place, 'AWS_ENDPOINT_URL_STS', partition);

  const sessionOf = (credentials: unknown, principal: Principal): AwsSession => {
    const keys = expect(Keys, credentials);
    return {
      kind: 'aws-session',
      accessKeyId: keys.AccessKeyId,
      secretAccessKey: keys.SecretAccessKey,
      sessionToken: keys.SessionToken,
      issuedAt: clock.now(),
      expiresAt: keys.Expiration.getTime(),
      ...principal,
    };
  };

  const getCallerIdentity: Sts['getCallerIdentity'] = async (keys, place, signal) => {
    const answer = await call(keys, placeOf(place), signal, (client, sdk, options) =>
      client.send(new sdk.GetCallerIdentityCommand({}), options),
    );
    const { Account, Arn } = expect(Identity, answer);
    return { accountId: Account, arn: Arn };
  };

  return {
    getCallerIdentity,

    async assumeRole(keys, input, place, signal) {
      const where = placeOf(place, parseRoleArn(input.roleArn).partition);
      const answer = await call(keys, where, signal, (client, sdk, options) =>
        client.send(
          new sdk.AssumeRoleCommand({
            ...roleParameters(input),
            Tags: tagsOf(input.tags),
            TransitiveTagKeys: input.transitiveTagKeys && [...input.transitiveTagKeys],
            ExternalId: input.externalId,
            SourceIdentity: input.sourceIdentity,
            SerialNumber: input.mfa?.serialNumber,
            TokenCode: input.mfa?.tokenCode,
          }),
          options,
        ),
      );
      return sessionOf(answer.Credentials, principalOf(answer.AssumedRoleUser, input.roleArn));
    },

    async assumeRoleWithWebIdentity(input, place, signal) {
      const where = placeOf(place, parseRoleArn(input.roleArn).partition);
      const answer = await call(undefined, where, signal, (client, sdk, options) =>
        client.send(
          new sdk.AssumeRoleWithWebIdentityCommand({
            ...roleParameters(input),
            WebIdentityToken: input.token.reveal(),
          }),
          options,
        ),
      );
      return sessionOf(answer.Credentials, principalOf(answer.AssumedRoleUser, input.roleArn));
    },

    async getSessionToken(keys, input, place, signal) {
      const where = placeOf(place);
      const answer = await call(keys, where, signal, (client, sdk, options) =>
        client.send(
          new sdk.GetSessionTokenCommand({
            DurationSeconds: input.seconds,
            SerialNumber: input.mfa?.serialNumber,
            TokenCode: input.mfa?.tokenCode,
          }),
          options,
        ),
      );
      // The answer does not say whose session it is, and a key never changes its owner.
      const id = `${where.endpoint ?? where.region} ${keys.accessKeyId}`;
      const session = sessionOf(answer.Credentials, { accountId: '', principalArn: '' });
      const known = identities.get(id) ?? (await getCallerIdentity(keysOf(session), place, signal));
      identities.set(id, known);
      return { ...session, accountId: known.accountId, principalArn: known.arn };
    },

    async getFederationToken(keys, input, place, signal) {
      const answer = await call(keys, placeOf(place), signal, (client, sdk, options) =>
        client.send(
          new sdk.GetFederationTokenCommand({
            Name: input.name,
            DurationSeconds: input.seconds,
            ...policyParameters(input.policy),
            Tags: tagsOf(input.tags),
          }),
          options,
        ),
      );
      return sessionOf(answer.Credentials, principalOf(answer.FederatedUser));
    },
  };
}

function roleParameters(
  input: RoleHop & { readonly seconds: number; readonly policy?: SessionPolicy | undefined },
) {
  return {
    RoleArn: input.roleArn,
    RoleSessionName: input.sessionName,
    DurationSeconds: input.seconds,
    ...policyParameters(input.policy),
  };
}

function policyParameters(policy: SessionPolicy | undefined) {
  return {
    Policy: policy?.inline,
    PolicyArns: policy?.managedArns?.map((arn) => ({ arn })),
  };
}

function tagsOf(tags: readonly Tag[] | undefined) {
  return tags?.map(({ key, value }) => ({ Key: key, Value: value }));
}

function principalOf(user: unknown, roleArn?: string): Principal {
  const principalArn = expect(AssumedRole, user).Arn;
  return {
    accountId: accountOf(principalArn),
    principalArn,
    ...(roleArn === undefined ? {} : { roleArn }),
  };
}

/** The answer's part, or `UPSTREAM_MALFORMED`: the SDK reads what there is and leaves out the rest. */
function expect<T extends z.ZodType>(shape: T, value: unknown): z.output<T> {
  const parsed = shape.safeParse(value);
  if (parsed.success) return parsed.data;
  // Zod's issues name fields, never their values; the answer itself holds keys.
  throw new ValetkeyError('UPSTREAM_MALFORMED', { cause: parsed.error });
}
