import type { Server } from 'node:net';
import { afterAll } from 'vitest';

import type { AwsCloud, AwsKeys } from '../../../src/connectors/aws/cloud.ts';
import { createS3 } from '../../../src/connectors/aws/s3.ts';
import { createSso } from '../../../src/connectors/aws/sso.ts';
import { createSts } from '../../../src/connectors/aws/sts.ts';
import type { ConnectorInput, LoginResult, Machine } from '../../../src/connectors/contract.ts';
import { secret, type Secret } from '../../../src/core/secret.ts';
import type { UserWithKey } from '../../../src/stand-ins/aws/accounts.ts';
import { startAwsStandIn, type AwsStandIn } from '../../../src/stand-ins/aws/server.ts';
import { fakeClock, type FakeClock } from '../../support/fake-clock.ts';

export interface Bed {
  readonly aws: AwsStandIn;
  readonly clock: FakeClock;
  readonly machine: Machine;
  readonly cloud: AwsCloud;
}

/** A stand-in of AWS and a machine that sees it as AWS; both go by one clock that moves when told. */
export async function startBed(env: Record<string, string> = {}): Promise<Bed> {
  const bed = await openBed(env);
  afterAll(() => bed.aws.stop());
  return bed;
}

/** The same; who opens it stops it. */
export async function openBed(env: Record<string, string> = {}): Promise<Bed> {
  const clock = fakeClock();
  const aws = await startAwsStandIn({ clock });
  const machine: Machine = {
    clock,
    env: { AWS_ENDPOINT_URL: aws.url, ...env },
    implicit: { allow: [] },
  };
  return { aws, clock, machine, cloud: cloudOf(machine) };
}

export function cloudOf(machine: Machine): AwsCloud {
  return { sts: createSts(machine), s3: createS3(machine), sso: createSso(machine) };
}

export function keysOfUser({ accessKeyId, secretAccessKey }: UserWithKey): AwsKeys {
  return { accessKeyId, secretAccessKey: secret(secretAccessKey) };
}

export function secretsOfUser(user: UserWithKey): Record<string, Secret> {
  return {
    aws_access_key_id: secret(user.accessKeyId),
    aws_secret_access_key: secret(user.secretAccessKey),
  };
}

export function never(): AbortSignal {
  return new AbortController().signal;
}

export function connectorOf(parts: Partial<ConnectorInput> = {}): ConnectorInput {
  return {
    name: 'aws-dev',
    config: {},
    secret: {},
    login: undefined,
    expiresAt: undefined,
    ...parts,
  };
}

export const saveNothing: (result: LoginResult) => Promise<void> = async () => {};

/** Of a server that listens on loopback. */
export function portOf(server: Server): number {
  const address = server.address();
  if (typeof address === 'object' && address !== null) return address.port;
  throw new Error('the server does not listen on a port');
}

export const policyOf = (...statements: object[]) => ({
  Version: '2012-10-17',
  Statement: statements,
});
export const allow = (Action: string | string[], Resource: string | string[] = '*') => ({
  Effect: 'Allow',
  Action,
  Resource,
});
export const trust = (arn: string, condition?: object) =>
  policyOf({
    Effect: 'Allow',
    Principal: { AWS: arn },
    Action: ['sts:AssumeRole', 'sts:TagSession', 'sts:SetSourceIdentity'],
    ...(condition === undefined ? {} : { Condition: condition }),
  });
