import type { CredentialKind, Issued } from '../core/credential.ts';
import type { WireError } from '../core/errors.ts';
import type { AzureIdentity, GoogleAccount, TokenAccount } from '../core/token-account.ts';
import type {
  ConnectorView,
  IssuedView,
  ProposalView,
  ResourceListing,
  StatusView,
  TypeView,
  VerifyResult,
} from '../core/view.ts';
import type { Inputs } from './schema.ts';

/** What a registration or an update did, and what the person should know about it. */
export interface Saved {
  readonly connector: ConnectorView;
  readonly warnings: readonly string[];
  /** What verification saw; absent with `verify: false`. */
  readonly verified?: VerifyResult | undefined;
}

export interface LoginStarted {
  /** Absent: this connector needs no login. */
  readonly flow?: string | undefined;
  readonly prompt?:
    | {
        readonly kind: 'device';
        readonly url: string;
        readonly userCode: string;
        readonly expiresAt: string;
      }
    | { readonly kind: 'code'; readonly label: string }
    | undefined;
}

/** Signed access to one resource. `query` opens it for whoever has it: it is shown once and kept nowhere. */
export interface SignedAccess {
  readonly connector: string;
  /** Canonical. */
  readonly resourceId: string;
  readonly permissions: string;
  /** By which the audit trail names it. */
  readonly id: string;
  readonly query: string;
  readonly expiresAt: string;
}

/** Whose services a credential is for. */
export type Cloud = 'aws' | 'google' | 'azure';

/** The managed-identity endpoints of a workload, and the identity that clients get unasked. */
export interface AzureAccess {
  /** The listener that serves the App Service shape to whoever shows the workload's secret. */
  readonly appService?: string | undefined;
  /** The listener that serves the instance metadata service and knows the workload without a secret. */
  readonly imds?: string | undefined;
  readonly identity: AzureIdentity;
}

/** What a program needs to use a workload: endpoint addresses and where its token is. */
export interface WorkloadAccess {
  readonly workload: string;
  readonly region?: string | undefined;
  /** 0600 file with the bearer secret, and the secret itself for clients that take it inline only. */
  readonly tokenFile: string;
  readonly token: string;
  /** The daemon's shared listener, `http://127.0.0.1:PORT`; absent when nothing listens. */
  readonly baseUrl?: string | undefined;
  /** Endpoint kinds of AWS that it serves this workload. */
  readonly endpoints: readonly string[];
  /** Google: the metadata server that knows this workload; absent when it has no account there. */
  readonly gce?: { readonly baseUrl: string; readonly account: GoogleAccount } | undefined;
  /** Azure: where its identities are served; absent when it has none. */
  readonly azure?: AzureAccess | undefined;
  /** Whose credentials its grants yield, without repetition, the default one's first. */
  readonly clouds: readonly Cloud[];
  /** What the person should know of its accounts. */
  readonly notes?: readonly string[] | undefined;
  /** Why its grants cannot be used as things are: nothing is known of them then. */
  readonly problem?: WireError | undefined;
}

export interface StoreMoved {
  readonly moved: readonly string[];
  readonly from: string;
  readonly to: string;
}

/**
 * Everything a person, a helper or a page can ask of valetkey: the one place where a verb is done.
 * Served over the control socket, and opened in process where no daemon runs. Every method throws
 * `ValetkeyError`.
 */
export interface ControlApi {
  listTypes(input: Inputs['listTypes']): Promise<readonly TypeView[]>;
  register(input: Inputs['register']): Promise<Saved>;
  /** Looks what the machine already has; nothing is stored until `register` names the proposal. */
  autoConfigure(input: Inputs['autoConfigure']): Promise<ProposalView>;
  listConnectors(input: Inputs['listConnectors']): Promise<readonly ConnectorView[]>;
  describeConnector(input: Inputs['describeConnector']): Promise<ConnectorView>;
  /** Issues a credential for a look at it: the client's view. */
  describeClient(input: Inputs['describeClient']): Promise<IssuedView>;
  verify(input: Inputs['verify']): Promise<VerifyResult>;
  listResources(input: Inputs['listResources']): Promise<readonly ResourceListing[]>;
  update(input: Inputs['update']): Promise<Saved>;
  remove(input: Inputs['remove']): Promise<ConnectorView>;
  /** A shared access signature, by the connector's identity. */
  sas(input: Inputs['sas']): Promise<SignedAccess>;
  loginStart(input: Inputs['loginStart']): Promise<LoginStarted>;
  /** Completes a login; waits for the person where the flow does (device code). */
  loginFinish(input: Inputs['loginFinish']): Promise<ConnectorView>;
  migrateStore(input: Inputs['migrateStore']): Promise<StoreMoved>;
  status(input: Inputs['status']): Promise<StatusView>;
  /** A live credential for a grant: for `exec`, whose endpoint is in its own process, and helpers. */
  issue(input: Inputs['issue']): Promise<Issued>;
  /** A configured workload's grants as issue requests by profile, default first. */
  workloadProfiles(input: Inputs['workloadProfiles']): Promise<WorkloadProfiles>;
  /** Access to a configured workload, or to a new unnamed one made from `grants`. */
  openWorkload(input: Inputs['openWorkload']): Promise<WorkloadAccess>;
  reload(input: Inputs['reload']): Promise<StatusView>;
}

export interface WorkloadProfiles {
  readonly workload: string;
  readonly region?: string | undefined;
  readonly roleName: string;
  readonly imdsV1: boolean;
  /** Google: the instance that clients are told they run on. */
  readonly gce: {
    readonly name: string;
    readonly zone?: string | undefined;
    readonly machineType: string;
    readonly tags: readonly string[];
    readonly attributes: Readonly<Record<string, string>>;
    readonly projectAttributes: Readonly<Record<string, string>>;
    readonly projectId?: string | undefined;
    readonly projectNumber?: string | undefined;
  };
  /** Azure: the same. */
  readonly azure: {
    readonly name: string;
    readonly location?: string | undefined;
    readonly resourceGroup?: string | undefined;
    readonly subscriptionId?: string | undefined;
    readonly vmSize: string;
    readonly tags: Readonly<Record<string, string>>;
  };
  readonly profiles: readonly {
    readonly name: string;
    readonly kind: CredentialKind;
    readonly request: Issued['request'];
    readonly region?: string | undefined;
    readonly account?: TokenAccount | undefined;
  }[];
}
