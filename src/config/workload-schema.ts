import { z } from 'zod';

import { ACCESS } from '../core/credential.ts';
import { ConnectorName } from '../core/ids.ts';

/*
 * What a person writes of one workload in config.yaml.
 */

export const address = z
  .string()
  .describe(
    'IP:port (`127.0.0.1:9911`, `[::1]:9911`), `unix:/path` or `fd:3`; loopback and link-local only',
  );

const grant = z.strictObject({
  connector: ConnectorName.describe('name of a registered connector'),
  resource_type: z
    .string()
    .optional()
    .describe('for example s3-bucket; default: the connector’s own'),
  resource_id: z.string().optional().describe('for example s3://bucket/prefix'),
  access: z
    .enum(ACCESS)
    .optional()
    .describe('read, write or full; default: write where the type knows it, else all there is'),
  seconds: z.int().positive().optional().describe('lifetime of what is issued'),
  profile: z
    .string()
    .regex(/^[a-z0-9][a-z0-9._-]{0,62}$/)
    .optional()
    .describe('name under which clients may ask for this grant; default: the connector’s name'),
  scopes: z
    .array(z.string().regex(/^[\x21-\x7e]{1,256}$/, 'a scope has no spaces'))
    .min(1)
    .optional()
    .describe('OAuth scopes it is limited to; default: the connector’s own'),
  audiences: z
    .array(z.string().min(1).max(2048))
    .min(1)
    .optional()
    .describe('audiences that identity tokens may be for; default: any'),
});

const client = z.union([
  z.strictObject({
    token: z.literal(true).describe('the bearer secret in the workload’s token file'),
  }),
  z.strictObject({
    listener: address.describe('requests that arrive at this listener'),
    uid: z.int().min(0).optional().describe('from this user; default: the daemon’s own'),
    any_user: z
      .literal(true)
      .optional()
      .describe('from every user who can reach the listener; for a network namespace of its own'),
  }),
  z.strictObject({
    challenge: address.describe(
      'requests at this listener (endpoint azure-arc) that show the content of a file which only the user can read',
    ),
    uid: z.int().min(0).optional().describe('that user; default: the daemon’s own'),
  }),
  z.strictObject({
    service_account: z
      .string()
      .regex(/^[a-z0-9.-]+\/[a-z0-9.-]+$/, 'write namespace/name')
      .describe('a Kubernetes service account, proven by its projected token'),
  }),
]);

const projectId = z
  .string()
  .regex(/^([a-z0-9.-]+:)?[a-z][a-z0-9-]{4,28}[a-z0-9]$/, 'a project id, such as my-project-123');

const metadataAttributes = z.record(
  z.string().regex(/^[A-Za-z0-9_-]{1,128}$/, 'letters, digits, - and _'),
  z.string().max(256 * 1024),
);

export const workload = z.strictObject({
  region: z.string().optional().describe('region that clients are told; default: the connector’s'),
  grants: z
    .array(grant)
    .min(1)
    .describe('what it may have; lines of one profile share a credential'),
  clients: z
    .array(client)
    .default([{ token: true }])
    .describe('how its processes prove who they are; default: the bearer secret'),
  aws: z
    .strictObject({
      role_name: z
        .string()
        .regex(/^[\w+=,.@-]{1,64}$/)
        .optional()
        .describe('role name the instance metadata service shows; default: the workload’s name'),
      imds_v1: z.boolean().default(false).describe('answer IMDSv1 requests, which carry no token'),
    })
    .default({ imds_v1: false })
    .describe('what only the AWS endpoints need'),
  gcp: z
    .strictObject({
      project_id: projectId.optional().describe('default: that of the first account'),
      project_number: z
        .string()
        .regex(/^\d{1,20}$/)
        .optional()
        .describe('digits, as text'),
      zone: z
        .string()
        .regex(/^[a-z]+(-[a-z0-9]+)+$/)
        .optional()
        .describe('zone that clients are told, such as europe-west4-a; default: none'),
      instance_name: z
        .string()
        .regex(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/)
        .optional()
        .describe('default: the workload’s name'),
      machine_type: z
        .string()
        .regex(/^[a-z0-9-]{1,63}$/)
        .default('custom')
        .describe('name alone'),
      tags: z.array(z.string().max(63)).default([]).describe('network tags'),
      attributes: metadataAttributes.default({}).describe('instance attributes (custom metadata)'),
      project_attributes: metadataAttributes.default({}).describe('project attributes'),
    })
    .default({ machine_type: 'custom', tags: [], attributes: {}, project_attributes: {} })
    .describe('what only the Google metadata server needs'),
  azure: z
    .strictObject({
      subscription_id: z.guid().optional().describe('default: that of the first identity'),
      resource_group: z
        .string()
        .regex(/^[\w().-]{1,90}$/)
        .optional()
        .describe('default: none'),
      location: z
        .string()
        .regex(/^[a-z0-9]{2,40}$/)
        .optional()
        .describe('region that clients are told, such as westeurope; default: none'),
      instance_name: z
        .string()
        .regex(/^[\w.-]{1,64}$/)
        .optional()
        .describe('default: the workload’s name'),
      vm_size: z
        .string()
        .regex(/^[\w-]{1,64}$/)
        .default('custom')
        .describe('size of the machine'),
      tags: z.record(z.string().max(512), z.string().max(256)).default({}).describe('tags'),
    })
    .default({ vm_size: 'custom', tags: {} })
    .describe('what only the Azure endpoints need'),
});

export type WorkloadConfig = z.infer<typeof workload>;
