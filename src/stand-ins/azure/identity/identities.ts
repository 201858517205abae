import { randomUUID } from 'node:crypto';
import type { JsonObject } from '../../google/json.ts';
import type { Directory } from '../directory.ts';
import type { IssuedToken, Tokens } from '../tokens.ts';

export interface IdentityOptions {
  readonly name: string;
  /** Tenant id. */
  readonly tenant: string;
  /** Default: the machine's own, of which there is one at most. */
  readonly kind?: 'system' | 'user';
  readonly subscription?: string;
}

/** A managed identity that the machine has. */
export interface ManagedIdentity {
  readonly name: string;
  readonly tenant: string;
  readonly kind: 'system' | 'user';
  readonly clientId: string;
  readonly objectId: string;
  readonly resourceId: string;
}

/** What an endpoint tells in its own words and shape. */
export type IdentityProblem = 'not-found' | 'several' | 'resource';

export type Selector = Partial<Pick<ManagedIdentity, 'clientId' | 'objectId' | 'resourceId'>>;

/** Seconds: managed identities get a day. https://learn.microsoft.com/entra/identity/managed-identities-azure-resources/managed-identity-best-practice-recommendations */
const LIFETIME = 86_399;

export type Identities = ReturnType<typeof createIdentities>;

export function createIdentities(parts: {
  readonly tokens: Pick<Tokens, 'issue'>;
  readonly directory: Pick<Directory, 'resources'>;
}) {
  const identities: ManagedIdentity[] = [];
  const select = ({ clientId, objectId, resourceId }: Selector) => {
    const same = (a: string, b: string): boolean => a.toLowerCase() === b.toLowerCase();
    if (clientId !== undefined) return identities.find((one) => same(one.clientId, clientId));
    if (objectId !== undefined) return identities.find((one) => same(one.objectId, objectId));
    if (resourceId !== undefined) return identities.find((one) => same(one.resourceId, resourceId));
    const system = identities.find(({ kind }) => kind === 'system');
    if (system !== undefined || identities.length < 2) return system ?? identities[0];
    return 'several';
  };
  return {
    assign({ name, tenant, kind = 'system', subscription }: IdentityOptions): ManagedIdentity {
      const group = `/subscriptions/${subscription ?? randomUUID()}/resourceGroups/compute/providers`;
      const path =
        kind === 'user'
          ? `Microsoft.ManagedIdentity/userAssignedIdentities/${name}`
          : `Microsoft.Compute/virtualMachines/${name}`;
      const ids = { clientId: randomUUID(), objectId: randomUUID() };
      const identity = { name, tenant, kind, ...ids, resourceId: `${group}/${path}` };
      identities.push(identity);
      return identity;
    },
    remove: (identity: ManagedIdentity): void =>
      void identities.splice(identities.indexOf(identity), 1),

    /** A token of the selected identity, for the resource byte for byte. */
    token(
      selector: Selector,
      resource: string,
      via: string,
      now: number,
    ):
      | {
          readonly identity: ManagedIdentity;
          readonly issued: IssuedToken & { readonly expiresIn: number };
        }
      | IdentityProblem {
      const identity = select(selector);
      if (identity === undefined) return 'not-found';
      if (identity === 'several') return identity;
      if (!parts.directory.resources.has(resource)) return 'resource';
      const { clientId, objectId, tenant: tenantId, name, resourceId } = identity;
      const claims: JsonObject = { xms_mirid: resourceId };
      const issued = parts.tokens.issue({
        principal: { kind: 'app', tenantId, objectId, clientId, name },
        audience: resource,
        via,
        clientId,
        proof: '2',
        now,
        seconds: LIFETIME,
        claims,
      });
      return { identity, issued };
    },
  };
}
