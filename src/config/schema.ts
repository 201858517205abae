import { z } from 'zod';

import { ACCESS } from '../core/credential.ts';
import { ConnectorName, WorkloadName } from '../core/ids.ts';

/*
 * What a person writes in config.yaml. Strict: an unknown key is an error that names its path.
 */

export const STORE_KINDS = ['keychain', 'encrypted-file', 'mounted-files', 'memory'] as const;

const address = z
  .string()
  .describe(
    'IP:port (`127.0.0.1:9911`, `[::1]:9911`), `unix:/path` or `fd:3`; loopback and link-local only',
  );

const store = z.strictObject({
  kind: z.enum(STORE_KINDS).describe('where secrets are kept'),
  key_file: z
    .string()
    .optional()
    .describe('encrypted-file: file with the passphrase or an age identity, mode 0600'),
  mount: z.string().optional().describe('mounted-files: the folder that holds <connector>/<field>'),
  service: z.string().default('valetkey').describe('keychain: the service name of the items'),
});

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

const workload = z.strictObject({
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

const listener = z.strictObject({
  address,
  endpoints: z
    .array(z.string())
    .min(1)
    .optional()
    .describe('endpoint protocols served here; default: what belongs to the address'),
});

export const ConfigSchema = z
  .strictObject({
    store: store.optional().describe('default: the OS keychain; VALETKEY_STORE wins over `kind`'),
    listeners: z
      .array(listener)
      .default([{ address: '127.0.0.1:9911' }])
      .describe('where endpoints are served'),
    workloads: z
      .partialRecord(WorkloadName, workload)
      .default({})
      .describe('named consumers: what each may have and how it is recognised'),
    policy: z
      .strictObject({
        implicit: z
          .strictObject({
            allow: z
              .array(
                z
                  .string()
                  .regex(
                    /^(\d{12}|arn:[\w-]+:iam::\d{12}:role\/.+|[^\s@]+@[^\s@]+|[\da-fA-F]{8}(-[\da-fA-F]{4}){3}-[\da-fA-F]{12})$/,
                    'an account id (12 digits), a role ARN, an account’s e-mail address, or an object or client id (GUID)',
                  ),
              )
              .default([])
              .describe(
                'AWS account ids and role ARNs, Google account e-mails, and Azure object ids, client ids and user names that implicit connectors may yield; empty: none',
              ),
          })
          .default({ allow: [] })
          .describe('connectors that borrow the daemon’s own cloud identity'),
      })
      .default({ implicit: { allow: [] } })
      .describe('what is allowed at all'),
    pod_identity: z
      .strictObject({
        jwks_file: z.string().describe('JSON Web Key Set that signs service-account tokens'),
        issuer: z.string().optional().describe('required `iss`'),
        audience: z.string().default('pods.eks.amazonaws.com').describe('required `aud`'),
      })
      .optional()
      .describe('how service-account tokens are verified'),
    azure_arc: z
      .strictObject({
        token_directory: z
          .string()
          .default('/var/opt/azcmagent/tokens')
          .describe('where challenge files are written; clients accept no other folder'),
      })
      .default({ token_directory: '/var/opt/azcmagent/tokens' })
      .describe('how the Azure Arc endpoint recognises its callers'),
    log: z
      .strictObject({
        level: z
          .enum(['debug', 'info', 'warn', 'error'])
          .default('info')
          .describe('least that is written'),
      })
      .default({ level: 'info' })
      .describe('JSON lines on standard error'),
  })
  .superRefine(({ listeners, workloads }, context) => {
    const known = new Set(listeners.map((one) => one.address));
    for (const [name, one] of Object.entries(workloads)) {
      for (const [index, rule] of (one?.clients ?? []).entries()) {
        const named =
          'listener' in rule ? rule.listener : 'challenge' in rule ? rule.challenge : undefined;
        if (named === undefined || known.has(named)) continue;
        context.addIssue({
          code: 'custom',
          path: [
            'workloads',
            name,
            'clients',
            index,
            'listener' in rule ? 'listener' : 'challenge',
          ],
          message: `no listener has the address ‘${named}’`,
        });
      }
    }
  });

export type Config = z.infer<typeof ConfigSchema>;
export type WorkloadConfig = z.infer<typeof workload>;
