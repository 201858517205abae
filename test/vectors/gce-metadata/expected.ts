import type { Caller, GceInstance } from '../../../src/endpoints/contract.ts';
import { caller, type World } from '../../support/endpoint-world.ts';
import { GCE } from '../../support/google-accounts.ts';
import type { Expectation, Vector } from '../vector.ts';

export const V = '/computeMetadata/v1';
export const SA = `${V}/instance/service-accounts`;

/** On every answer. */
const OURS = { 'metadata-flavor': 'Google', server: 'Metadata Server for VM' };
const FLAVOR = { 'Metadata-Flavor': 'Google' };

/** A line whose request has the header, and whose answer must have it. */
export function flavored({ headers = {}, expect, ...line }: Vector): Vector {
  return {
    ...line,
    headers: { ...FLAVOR, ...headers },
    expect: { ...expect, headers: { ...OURS, ...expect.headers } },
  };
}

/** 200 with exactly this text. */
export const text = (body: string | RegExp): Expectation => ({
  status: 200,
  headers: { ...OURS, 'content-type': 'application/text' },
  body,
});

export const json = (fields: Expectation['json'] = {}): Expectation => ({
  status: 200,
  headers: { ...OURS, 'content-type': 'application/json' },
  json: fields,
});

export const moved = (to: string): Expectation => ({
  status: 301,
  headers: { ...OURS, 'content-type': 'text/html', location: to },
});

/** An error is one plain sentence, and has the header too: without it Node sees no server at all. */
export const error = (status: number, body: string | RegExp = /./): Expectation => ({
  status,
  headers: { ...OURS, 'content-type': 'text/plain; charset=utf-8' },
  body,
});

export const NOT_FOUND = error(404);

export const as =
  (changes: Partial<Caller>) =>
  (world: World): void =>
    void (world.caller = caller(changes));

export const on = (changes: Partial<GceInstance>) => as({ gce: { ...GCE, ...changes } });
