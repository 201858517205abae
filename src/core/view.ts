import type { Access, ResourceRequest } from './credential.ts';
import type { WireError } from './errors.ts';

/*
 * What people and programs are shown of our things: plain data without secrets, shared by both ends
 * of the control socket. Times are ISO 8601 UTC text.
 */

export interface FieldView {
  readonly name: string;
  readonly type: string;
  readonly secret: boolean;
  readonly required: boolean;
  readonly default?: unknown;
  readonly description: string;
}

export interface LifetimeView {
  readonly min: number;
  readonly default: number;
  readonly max: number;
}

export interface AuthMethodView {
  readonly kind: string;
  readonly title: string;
  readonly description: string;
  /** Does it narrow credentials to a resource? `depends` on its configuration. */
  readonly narrows: 'yes' | 'no' | 'depends';
  readonly alternatives?: string | undefined;
  readonly lifetime?: LifetimeView | undefined;
  readonly login: boolean;
  readonly implicit: boolean;
  readonly fields: readonly FieldView[];
}

export interface ResourceTypeView {
  readonly kind: string;
  readonly title: string;
  readonly description: string;
  readonly instances: boolean;
  readonly access: readonly Access[];
  readonly permissions: readonly string[];
  readonly idFormats: readonly string[];
}

export interface TypeView {
  readonly kind: string;
  readonly title: string;
  readonly description: string;
  readonly autoConfigure: boolean;
  readonly authMethods: readonly AuthMethodView[];
  readonly resourceTypes: readonly ResourceTypeView[];
}

export interface ConnectorView {
  readonly id: string;
  readonly name: string;
  readonly type: string;
  readonly authMethod: string;
  /** The types it may be used for: one, or all of its connector type's. */
  readonly resourceTypes: readonly string[];
  readonly resourceId?: string | undefined;
  readonly description?: string | undefined;
  readonly labels: Readonly<Record<string, string>>;
  readonly configuration: Readonly<Record<string, unknown>>;
  /** Names of the fields that are in the store. */
  readonly secretFields: readonly string[];
  readonly store: string;
  readonly expirationSeconds?: number | undefined;
  readonly expiresAt?: string | undefined;
  readonly allowUnscoped: boolean;
  readonly createdAt: string;
  readonly updatedAt: string;
  /** Set when the record could not be read: everything else but `name` is empty then. */
  readonly error?: WireError | undefined;
}

export interface ResourceListing {
  readonly connector: string;
  readonly connectorType: string;
  readonly resourceType: string;
  readonly resourceIds: readonly string[];
  readonly error?: WireError | undefined;
}

export interface VerifyResult {
  readonly connector: string;
  readonly principal: string;
  readonly accountId: string;
  /** One row per resource type that was checked. */
  readonly resources: readonly ResourceListing[];
  readonly expiresAt: string;
}

/** The client's view of what a connector hands out: everything but the secret part. */
export interface IssuedView {
  readonly connector: string;
  readonly resources: readonly ResourceRequest[];
  readonly kind: string;
  readonly credentialId: string;
  readonly principal: string;
  readonly accountId: string;
  readonly narrowed: boolean;
  /** What a bearer token is good for: its OAuth scopes, or the one audience of an identity token. */
  readonly scopes?: readonly string[] | undefined;
  readonly audience?: string | undefined;
  readonly issuedAt: string;
  readonly expiresAt: string;
  /** The policy or boundary that narrows it, as sent to the cloud; `null` when there is none. */
  readonly scope: unknown;
}

export interface ProposalView {
  readonly proposal: string;
  readonly type: string;
  readonly authMethod: string;
  readonly origin: string;
  readonly notes: readonly string[];
  readonly configuration: Readonly<Record<string, unknown>>;
  readonly secretFields: readonly string[];
  readonly expiresAt?: string | undefined;
}

export interface StatusView {
  readonly mode: 'daemon' | 'in-process';
  readonly version: string;
  readonly pid: number;
  readonly home: string;
  readonly store: {
    readonly kind: string;
    readonly location: string;
    readonly error?: WireError | undefined;
  };
  readonly listeners: readonly {
    readonly address: string;
    readonly endpoints: readonly string[];
  }[];
  readonly workloads: readonly {
    readonly name: string;
    readonly grants: readonly string[];
    /** Why its grants cannot be used as things are. */
    readonly error?: WireError | undefined;
  }[];
  readonly issued: readonly {
    readonly connector: string;
    readonly resources: readonly ResourceRequest[];
    readonly credentialId: string;
    /** As in the client's view. */
    readonly scopes?: readonly string[] | undefined;
    readonly audience?: string | undefined;
    readonly issuedAt: string;
    readonly expiresAt: string;
    readonly renewsAt: string;
    readonly lastError?: WireError | undefined;
    /** Workloads that have been handed it. */
    readonly heldBy: readonly string[];
  }[];
}
