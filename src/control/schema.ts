import { z } from 'zod';

import { ACCESS } from '../core/credential.ts';
import { ConnectorName, WorkloadName } from '../core/ids.ts';

/*
 * The control API's inputs: checked on the serving side, used as types on both. One key per method
 * of ControlApi; the path on the socket is `POST /v1/<key>`.
 */

const text = z.string().max(65_536);
const attributes = z.record(z.string().regex(/^[a-z][a-z0-9_]{0,63}$/), text);

/** Which resource a verb is about, as a person wrote it. */
const selection = {
  resource_type: text.optional(),
  resource_id: text.optional(),
};

const grant = z.strictObject({
  connector: ConnectorName,
  resource_type: text.optional(),
  resource_id: text.optional(),
  access: z.enum(ACCESS).optional(),
  seconds: z.int().positive().optional(),
  scopes: z.array(text).min(1).optional(),
  audiences: z.array(text).min(1).optional(),
});

const resource = z.strictObject({
  type: text,
  id: text.optional(),
  access: z.enum(ACCESS),
  scopes: z.array(text).readonly().optional(),
});

const token = z.union([
  z.strictObject({ kind: z.literal('access-token'), scopes: z.array(text).min(1).readonly() }),
  z.strictObject({ kind: z.literal('id-token'), audience: text.min(1) }),
]);

const evidence = z.strictObject({
  workload: text,
  by: text,
  endpoint: text,
  uid: z.int().optional(),
  pid: z.int().optional(),
  executable: text.optional(),
});

/** What both `register` and `update` may set. */
const settings = {
  description: text.optional(),
  labels: z.record(text, text).optional(),
  /** Any attribute of the auth method, public or secret; the method's schema sorts them. */
  attributes: attributes.optional(),
  /** ISO 8601, or `YYYY-MM-DD HH:MM:SS` in UTC. */
  expires_at: text.optional(),
  expiration_seconds: z.int().optional(),
  allow_unscoped: z.boolean().optional(),
  verify: z.boolean().default(true),
};

export const INPUTS = {
  listTypes: z.strictObject({
    type: text.optional(),
    resource_type: text.optional(),
    auth_method: text.optional(),
  }),
  register: z.strictObject({
    name: ConnectorName,
    type: text,
    auth_method: text.optional(),
    ...selection,
    ...settings,
    /** From `autoConfigure`: brings method, attributes and secrets. */
    proposal: text.optional(),
  }),
  autoConfigure: z.strictObject({
    type: text,
    auth_method: text.optional(),
    ...selection,
    attributes: attributes.optional(),
    /** The caller's own variables: what is lifted is the person's, not the daemon's. */
    env: z.record(z.string(), z.string()),
  }),
  listConnectors: z.strictObject({
    type: text.optional(),
    auth_method: text.optional(),
    ...selection,
    labels: z.array(text).optional(),
  }),
  describeConnector: z.strictObject({ name: ConnectorName }),
  describeClient: z.strictObject({
    name: ConnectorName,
    ...selection,
    access: z.enum(ACCESS).optional(),
  }),
  verify: z.strictObject({
    name: ConnectorName,
    ...selection,
    /** Only prove that the connector works; list nothing. */
    verify_only: z.boolean().optional(),
  }),
  listResources: z.strictObject({
    name: ConnectorName.optional(),
    type: text.optional(),
    ...selection,
  }),
  update: z.strictObject({
    name: ConnectorName,
    new_name: ConnectorName.optional(),
    auth_method: text.optional(),
    ...selection,
    ...settings,
    /** Attributes and settings to clear (`resource_id`, `expiration_seconds`, any attribute). */
    remove: z.array(text).optional(),
    remove_labels: z.array(text).optional(),
  }),
  remove: z.strictObject({ name: ConnectorName }),
  sas: z.strictObject({
    name: ConnectorName,
    resource_id: text,
    permissions: text,
    seconds: z.int().positive(),
    ip: text.optional(),
    https_only: z.boolean().default(false),
  }),
  loginStart: z.strictObject({ name: ConnectorName }),
  loginFinish: z.strictObject({ flow: text, code: text.optional() }),
  migrateStore: z.strictObject({ from: text, to: text, keep: z.boolean().default(false) }),
  status: z.strictObject({}),
  issue: z.strictObject({
    /** Canonical, as `workloadProfiles` returns it. */
    request: z.strictObject({
      connector: ConnectorName,
      resources: z.tuple([resource], resource).readonly(),
      seconds: z.int().positive().optional(),
      token: token.optional(),
    }),
    evidence,
    /** Id of the credential that the caller holds and wants another than. */
    unwanted: text.optional(),
    /** Longest wait, ms. */
    wait_ms: z.int().positive().max(120_000).default(30_000),
  }),
  workloadProfiles: z.union([
    z.strictObject({ workload: WorkloadName }),
    z.strictObject({ grants: z.array(grant).min(1) }),
  ]),
  openWorkload: z.union([
    z.strictObject({ workload: WorkloadName }),
    z.strictObject({ grants: z.array(grant).min(1) }),
  ]),
  reload: z.strictObject({}),
} as const;

/** What callers pass: defaults may be left out. */
export type Inputs = { [K in keyof typeof INPUTS]: z.input<(typeof INPUTS)[K]> };
/** What the verbs receive: checked, defaults filled in. */
export type Checked = { [K in keyof typeof INPUTS]: z.output<(typeof INPUTS)[K]> };
export type Operation = keyof typeof INPUTS;
