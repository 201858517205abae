import type { SignedAccess } from '../control/api.ts';
import type { Checked } from '../control/schema.ts';
import type { Issued } from '../core/credential.ts';
import { ValetkeyError, withSubject } from '../core/errors.ts';
import type { Service } from './context.ts';
import { issueWhole } from './probe.ts';
import { isoTime } from './view.ts';

const WAIT_MS = 30_000;

/**
 * Signed access to one resource, within what the connector is registered for. `record` resolves when
 * the audit trail has it: before that nothing is handed out. Throws `INPUT_INVALID`, `OUT_OF_SCOPE`
 * and what the cloud says.
 */
export async function signAccess(
  service: Service,
  input: Checked['sas'],
  record: (issued: Issued) => Promise<void>,
): Promise<SignedAccess> {
  const { name, permissions, seconds, ip, https_only: httpsOnly } = input;
  try {
    const open = service.issuer.openSaved(await service.catalog.get(name));
    const { type, config, cloud } = open;
    if (type.sas === undefined) {
      throw new ValetkeyError('INPUT_INVALID', {
        subject: 'name',
        reason: `there are no shared access signatures for ${type.kind} connectors`,
      });
    }
    const { id, resource } = type.sas.target(input.resource_id, config);
    const signal = AbortSignal.timeout(WAIT_MS);
    const now = service.clock.now();
    const asked = { id, config, permissions, seconds, ip, httpsOnly, now, signal };
    type.sas.check(asked);
    const request = { connector: name, resources: [resource] as const };
    const issued = await service.broker.get(request, WAIT_MS);
    const subject = { open, input: await service.issuer.inputOf(open) };
    const { query, ...signed } = await type.sas.sign({
      ...asked,
      cloud,
      credential: issued.credential,
      tokenFor: (scope) => issueWhole(service, subject, scope, signal),
    });
    await record(asRecorded(issued, { ...signed, resourceId: id, now, ip, httpsOnly }));
    return {
      connector: name,
      resourceId: id,
      permissions: signed.permissions,
      id: signed.id,
      query: query.reveal(),
      expiresAt: isoTime(signed.expiresAt),
    };
  } catch (error) {
    throw withSubject(error, name);
  }
}

interface Recorded {
  readonly id: string;
  readonly resourceId: string;
  readonly permissions: string;
  readonly now: number;
  readonly expiresAt: number;
  readonly ip: string | undefined;
  readonly httpsOnly: boolean;
}

/** As the audit trail is told of it: a credential of its own, with what it is good for and without the secret. */
function asRecorded(issued: Issued, sas: Recorded): Issued {
  const [resource] = issued.request.resources;
  const access = /^[rle]+$/.test(sas.permissions) ? 'read' : 'full';
  const limits = [
    `sp=${sas.permissions}`,
    ...(sas.ip === undefined ? [] : [`sip=${sas.ip}`]),
    ...(sas.httpsOnly ? ['spr=https'] : []),
  ];
  return {
    ...issued,
    request: {
      connector: issued.request.connector,
      resources: [{ type: resource.type, id: sas.resourceId, access }],
    },
    credential: {
      kind: 'access-token',
      id: sas.id,
      token: '',
      issuedAt: sas.now,
      expiresAt: sas.expiresAt,
      principal: '',
      account: '',
      scopes: limits,
    },
    narrowed: true,
    scope: null,
  };
}
