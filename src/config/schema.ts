import { z } from 'zod';

import { WorkloadName } from '../core/ids.ts';
import { address, workload } from './workload-schema.ts';

/*
 * What a person writes in config.yaml. Strict: an unknown key is an error that names its path.
 */

export const STORE_KINDS = ['keychain', 'encrypted-file', 'mounted-files', 'memory'] as const;

const store = z.strictObject({
  kind: z.enum(STORE_KINDS).describe('where secrets are kept'),
  key_file: z
    .string()
    .optional()
    .describe('encrypted-file: file with the passphrase or an age identity, mode 0600'),
  mount: z.string().optional().describe('mounted-files: the folder that holds <connector>/<field>'),
  service: z.string().default('valetkey').describe('keychain: the service name of the items'),
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
