import { z } from 'zod';

import { parsePolicyArn, parseRoleArn, partitionOfRegion } from './arn.ts';
import type { RoleHop, Tag } from './cloud.ts';
import { checkedBy, complaint, listOf, mapOf } from '../fields/flat-values.ts';
import { checkPlace, type PlaceConfig } from './place.ts';
import { sized } from './session-policy.ts';
import { compactPolicy, parseUserPolicy } from './user-policy.ts';

/*
 * What can be said about assuming a role. Limits:
 * https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
 */

const TAGS_MAX = 50;
const POLICY_ARNS_MAX = 10;
/** Longest chain accepted: a bound of ours, far above what is used. */
const HOPS_MAX = 10;

const SESSION_NAME = /^[\w+=,.@-]{2,64}$/;
const TAG_TEXT = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u;
const TAG_RULE = 'a tag has letters, digits, spaces and _.:/=+-@';

const RoleArn = z.string().superRefine(checkedBy(parseRoleArn));
const SessionName = z
  .string()
  .regex(SESSION_NAME, '2 to 64 letters, digits and _+=,.@- make a session name');
const ExternalId = z
  .string()
  .regex(/^[\w+=,.@:/-]{2,1224}$/, 'an external id has 2 to 1,224 letters, digits and _+=,.@:/-');
const TagKey = z.string().min(1).max(128).regex(TAG_TEXT, TAG_RULE);
const TagValue = z.string().max(256).regex(TAG_TEXT, TAG_RULE);
const SessionTags = mapOf(TagKey, TagValue).refine(
  (tags) => Object.keys(tags).length <= TAGS_MAX,
  `at most ${TAGS_MAX} tags`,
);

const Hop = z.preprocess(
  (hop) => (typeof hop === 'string' ? { role_arn: hop } : hop),
  z.strictObject({
    role_arn: RoleArn,
    external_id: ExternalId.optional(),
    role_session_name: SessionName.optional(),
    session_tags: SessionTags.optional(),
    transitive_tag_keys: listOf(TagKey).optional(),
  }),
);

export const sessionPolicyFields = {
  policy: z
    .preprocess(
      (policy) => (typeof policy === 'object' && policy !== null ? JSON.stringify(policy) : policy),
      z
        .string()
        .superRefine(checkedBy(parseUserPolicy))
        .transform((text) => compactPolicy(parseUserPolicy(text))),
    )
    .optional()
    .describe('Session policy (JSON) that limits every credential, besides the resource asked for'),
  policy_arns: listOf(z.string().superRefine(checkedBy(parsePolicyArn)))
    .refine((arns) => arns.length <= POLICY_ARNS_MAX, `at most ${POLICY_ARNS_MAX} ARNs`)
    .optional()
    .describe('ARNs of managed policies that limit every credential in the same way (a list)'),
};

export const sessionTagField = {
  session_tags: SessionTags.optional().describe('Session tags (key=value,key2=value2)'),
};

export const roleFields = {
  role_arn: RoleArn.describe('ARN of the role to assume'),
  role_chain: listOf(Hop)
    .refine((hops) => hops.length <= HOPS_MAX, `at most ${HOPS_MAX} further roles`)
    .optional()
    .describe('Further roles, assumed one after another from the first (ARNs, or JSON objects)'),
  external_id: ExternalId.optional().describe('External id that the role’s trust policy asks for'),
  ...sessionTagField,
  transitive_tag_keys: listOf(TagKey)
    .optional()
    .describe('Keys of session tags that stay set along the role chain (a list)'),
  source_identity: z
    .string()
    .regex(SESSION_NAME, '2 to 64 letters, digits and _+=,.@- make a source identity')
    .optional()
    .describe('Source identity that AWS records; it stays the same along the role chain'),
  role_session_name: SessionName.optional().describe(
    'Name of the session in AWS’s records. Default: valetkey-<connector>',
  ),
  ...sessionPolicyFields,
};

type RoleOutput = z.output<z.ZodObject<typeof roleFields>>;
/** What a method with these fields has parsed; `role_arn` is optional to some. */
export type RoleConfig = {
  readonly [Field in keyof RoleOutput]?: RoleOutput[Field] | undefined;
};

/** What one field alone cannot say; for `superRefine` of a method's schema. */
export function checkRoles(config: RoleConfig & PlaceConfig, ctx: z.RefinementCtx): void {
  checkPlace(config, ctx);
  const issue = (field: string, message: string): void =>
    ctx.addIssue({ code: 'custom', path: [field], message });
  const unknown = (config.transitive_tag_keys ?? []).filter(
    (key) => config.session_tags?.[key] === undefined,
  );
  if (unknown.length > 0) issue('transitive_tag_keys', `no session tag is called ${unknown[0]}`);
  if (config.role_arn === undefined && (config.role_chain?.length ?? 0) > 0) {
    issue('role_chain', 'the first role is role_arn');
  }
  const { region } = config;
  const roles = [
    ['role_arn', config.role_arn] as const,
    ...(config.role_chain ?? []).map((hop) => ['role_chain', hop.role_arn] as const),
  ];
  for (const [field, arn] of roles) {
    if (region === undefined || arn === undefined) continue;
    const { partition } = parseRoleArn(arn);
    if (partition !== partitionOfRegion(region)) {
      issue(field, `the role is in partition ${partition}, region ${region} is not`);
    }
  }
  checkPolicySize(config, ctx);
}

export function checkPolicySize(
  config: Pick<RoleConfig, 'policy' | 'policy_arns'>,
  ctx: z.RefinementCtx,
): void {
  const message = complaint(() =>
    sized({ inline: config.policy, managedArns: config.policy_arns }),
  );
  if (message !== undefined) ctx.addIssue({ code: 'custom', path: ['policy'], message });
}

/** The roles to assume, first to last; none when no `role_arn` is set. */
export function hopsOf(config: RoleConfig, connector: string): readonly RoleHop[] {
  if (config.role_arn === undefined) return [];
  const sessionName = config.role_session_name ?? sessionNameOf(connector);
  const first: RoleHop = {
    roleArn: config.role_arn,
    sessionName,
    externalId: config.external_id,
    sourceIdentity: config.source_identity,
    tags: tagsOf(config.session_tags),
    transitiveTagKeys: config.transitive_tag_keys,
  };
  const further = (config.role_chain ?? []).map((hop) => ({
    roleArn: hop.role_arn,
    sessionName: hop.role_session_name ?? sessionName,
    externalId: hop.external_id,
    tags: tagsOf(hop.session_tags),
    transitiveTagKeys: hop.transitive_tag_keys,
  }));
  return [first, ...further];
}

export function tagsOf(tags: Readonly<Record<string, string>> | undefined): Tag[] | undefined {
  return tags && Object.entries(tags).map(([key, value]) => ({ key, value }));
}

/** `valetkey-<connector>`, in the characters STS takes. `max`: 64 for a role, 32 for a federated user. */
export function sessionNameOf(connector: string, max = 64): string {
  return `valetkey-${connector}`.replace(/[^\w+=,.@-]/g, '-').slice(0, max);
}
