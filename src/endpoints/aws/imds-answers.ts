import { ofKind } from '../../core/credential.ts';
import type { AwsSession } from '../../core/credential.ts';
import { textAnswer } from '../answer.ts';
import type { Answer, Caller, EndpointContext, IssueChoice } from '../contract.ts';
import { whenReady } from '../settle.ts';
import { createDocuments, imdsDocument } from './credential-document.ts';
import {
  availabilityZone,
  identityDocument,
  instanceId,
  partitionOf,
  profileDocument,
} from './imds-documents.ts';
import { IMDS_NOT_FOUND } from './imds-errors.ts';

/**
 * Longest wait for a cold credential, ms. Go waits 500 ms for the headers of a reply. Token, list and
 * credential are asked for one after the other, and each of the three waits that long while it is
 * being obtained: a cloud's answer takes longer than one such wait, and boto3 does not ask again.
 */
const METADATA_WAIT_MS = 250;

export const METADATA_CHOICE: IssueChoice = { kind: 'aws-session', waitMs: METADATA_WAIT_MS };

const META_PATH = '/latest/meta-data';
export const ROLES_PATH = `${META_PATH}/iam/security-credentials`;

/** What a path says to a caller. `name` is the path's last segment where the path leaves it open. */
export type MetadataAnswer = (caller: Caller, name: string | undefined) => Answer | Promise<Answer>;

const text = (value: string): Answer => textAnswer(200, value);

const hasRole = (caller: Caller): boolean =>
  caller.roleName !== '' && caller.profiles('aws-session').length > 0;

const list =
  (...children: readonly string[]): MetadataAnswer =>
  () =>
    text(children.join('\n'));

const region =
  (tell: (name: string) => string): MetadataAnswer =>
  (caller) =>
    caller.region === undefined ? IMDS_NOT_FOUND : text(tell(caller.region));

/** The data paths and what each says: everything clients are known to read, and the lists above it. */
export function metadataAnswers(context: EndpointContext): Record<string, MetadataAnswer> {
  const { installationId } = context;
  const document = createDocuments(() => context.now(), imdsDocument);

  // Exactly one name and no line end: several clients use the body as it is.
  const roleList: MetadataAnswer = (caller) =>
    hasRole(caller)
      ? whenReady(context.prepare(caller, METADATA_CHOICE), () => text(caller.roleName))
      : IMDS_NOT_FOUND;

  const role: MetadataAnswer = (caller, name) =>
    hasRole(caller) && name === caller.roleName
      ? whenReady(context.issue(caller, METADATA_CHOICE), document)
      : IMDS_NOT_FOUND;

  const profile: MetadataAnswer = (caller) =>
    hasRole(caller)
      ? whenReady(context.issue(caller, METADATA_CHOICE), ({ credential }) =>
          profileDocument(
            ofKind(credential, 'aws-session'),
            caller.roleName,
            installationId,
            context.now(),
          ),
        )
      : IMDS_NOT_FOUND;

  const identity: MetadataAnswer = async (caller) =>
    caller.region === undefined
      ? IMDS_NOT_FOUND
      : identityDocument(caller.region, installationId, await sessionOf(context, caller));

  return {
    '/latest': list('dynamic', 'meta-data'),
    '/latest/dynamic': list('instance-identity/'),
    '/latest/dynamic/instance-identity': list('document'),
    '/latest/dynamic/instance-identity/document': identity,
    [META_PATH]: list('iam/', 'instance-id', 'placement/', 'services/'),
    [`${META_PATH}/iam`]: list('info', 'security-credentials/', 'security-credentials-extended/'),
    [`${META_PATH}/iam/info`]: profile,
    [ROLES_PATH]: roleList,
    [`${ROLES_PATH}/:name`]: role,
    // The same with `AccountId`, which our document always has. Newest Ruby and PHP ask here first.
    [`${ROLES_PATH}-extended`]: roleList,
    [`${ROLES_PATH}-extended/:name`]: role,
    [`${META_PATH}/instance-id`]: () => text(instanceId(installationId)),
    [`${META_PATH}/placement`]: list('availability-zone', 'region'),
    [`${META_PATH}/placement/region`]: region((name) => name),
    [`${META_PATH}/placement/availability-zone`]: region(availabilityZone),
    [`${META_PATH}/services`]: list('domain', 'partition'),
    [`${META_PATH}/services/domain`]: (caller) => text(partitionOf(caller.region ?? '').domain),
    [`${META_PATH}/services/partition`]: (caller) =>
      text(partitionOf(caller.region ?? '').partition),
  };
}

/** Region readers must not fail because the cloud does: the account is told when it is known. */
async function sessionOf(
  context: EndpointContext,
  caller: Caller,
): Promise<AwsSession | undefined> {
  if (!hasRole(caller)) return undefined;
  try {
    const { credential } = await context.issue(caller, METADATA_CHOICE);
    return ofKind(credential, 'aws-session');
  } catch {
    return undefined;
  }
}
