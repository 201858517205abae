const PREFIX = 'https://www.googleapis.com/auth/';

export const CLOUD_PLATFORM = `${PREFIX}cloud-platform`;
export const IAM = `${PREFIX}iam`;
export const STORAGE_FULL = `${PREFIX}devstorage.full_control`;
export const STORAGE_WRITE = `${PREFIX}devstorage.read_write`;
export const STORAGE_READ = `${PREFIX}devstorage.read_only`;
export const CLOUD_READ = `${PREFIX}cloud-platform.read-only`;

/** Without the prefix. https://developers.google.com/identity/protocols/oauth2/scopes */
const NAMES = `
  accounts.reauth admin.directory.group admin.directory.group.readonly admin.directory.user
  admin.directory.user.readonly aiplatform apikeys apikeys.readonly appengine.admin bigquery
  bigquery.insertdata bigquery.readonly bigtable.admin bigtable.admin.cluster
  bigtable.admin.instance bigtable.admin.table bigtable.data bigtable.data.readonly calendar
  calendar.readonly cloud-bigtable.admin cloud-bigtable.admin.cluster cloud-bigtable.admin.table
  cloud-bigtable.data cloud-bigtable.data.readonly cloud-billing cloud-billing.readonly
  cloud-healthcare cloud-identity.groups cloud-identity.groups.readonly cloud-language
  cloud-platform cloud-platform.read-only cloud-translation cloud-vision cloud_debugger cloudasset
  cloudcomposer cloudcomposer.readonly cloudiot cloudkms cloudruntimeconfig compute
  compute.readonly container container.read-only datalineage.read-write datalineage.readonly
  dataplex.read-write dataplex.readonly dataproc dataproc.read-only datastore
  devstorage.full_control devstorage.read_only devstorage.read_write dialogflow
  discoveryengine.assist.readwrite discoveryengine.readwrite discoveryengine.serving.readwrite
  documents documents.readonly drive drive.file drive.readonly firebase firebase.database
  firebase.messaging firebase.readonly genomics gmail.readonly gmail.send iam identitytoolkit jobs
  logging.admin logging.read logging.write monitoring monitoring.read monitoring.write
  ndev.clouddns.readonly ndev.clouddns.readwrite ndev.cloudman ndev.cloudman.readonly notebooks
  organizationpolicy organizationpolicy.readonly pubsub redis.read-only redis.read-write run
  run.readonly securitycenter service.management service.management.readonly servicecontrol
  source.full_control source.read_only source.read_write spanner.admin spanner.data spreadsheets
  spreadsheets.readonly sqlservice.admin sqlservice.login taskqueue trace.append trace.readonly
  userinfo.email userinfo.profile
`;

const KNOWN = new Set([
  'openid',
  'email',
  'profile',
  ...NAMES.trim()
    .split(/\s+/)
    .map((name) => PREFIX + name),
]);

/** The short names of OpenID Connect come back as the long ones. */
const LONG: Readonly<Record<string, string>> = {
  email: `${PREFIX}userinfo.email`,
  profile: `${PREFIX}userinfo.profile`,
};

/** Separated by single spaces → a list, each once; undefined when one is empty, unknown or oddly written. */
export function parseScopes(text: string): readonly string[] | undefined {
  return knownScopes(text.split(' '));
}

export function knownScopes(scopes: readonly string[]): readonly string[] | undefined {
  if (scopes.length === 0 || !scopes.every((scope) => KNOWN.has(scope))) return undefined;
  return [...new Set(scopes.map((scope) => LONG[scope] ?? scope))];
}
