import type {
  ConnectorView,
  FieldView,
  IssuedView,
  ProposalView,
  StatusView,
  TypeView,
  VerifyResult,
} from '../../src/core/view.ts';

export const NOW = Date.parse('2026-11-21T12:00:00Z');

function field(name: string, more: Partial<FieldView> = {}): FieldView {
  return {
    name,
    type: 'string',
    secret: false,
    required: false,
    description: `the ${name}`,
    ...more,
  };
}

const secret = { secret: true, required: true };
const keys = [field('aws_access_key_id', secret), field('aws_secret_access_key', secret)];

export const AWS: TypeView = {
  kind: 'aws',
  title: 'Amazon Web Services',
  description: 'Sessions of AWS STS.',
  autoConfigure: true,
  authMethods: [
    {
      kind: 'profile',
      title: 'A named profile',
      description: 'Uses a profile of the AWS configuration files.',
      narrows: 'depends',
      login: false,
      implicit: false,
      fields: [field('profile', { required: true }), field('region')],
    },
    {
      kind: 'session-token',
      title: 'A session from an access key',
      description: 'Calls GetSessionToken.',
      narrows: 'no',
      alternatives: 'iam-role or federation-token narrow',
      lifetime: { min: 900, default: 43_200, max: 129_600 },
      login: true,
      implicit: false,
      fields: [...keys, field('region', { default: 'us-east-1' }), field('mfa_serial')],
    },
  ],
  resourceTypes: [
    {
      kind: 'aws-generic',
      title: 'Any AWS service',
      description: 'The whole account.',
      instances: false,
      access: ['full'],
      permissions: [],
      idFormats: [],
    },
    {
      kind: 's3-bucket',
      title: 'An S3 bucket',
      description: 'Objects of one bucket.',
      instances: true,
      access: ['read', 'write', 'full'],
      permissions: ['s3:ListBucket', 's3:GetObject'],
      idFormats: ['s3://bucket', 'arn:aws:s3:::bucket'],
    },
  ],
};

export const AWS_S3: ConnectorView = {
  id: '6f1c0c5e-0000-4000-8000-000000000001',
  name: 'aws-s3',
  type: 'aws',
  authMethod: 'session-token',
  resourceTypes: ['s3-bucket'],
  resourceId: undefined,
  labels: { team: 'ml' },
  configuration: { region: 'eu-west-1' },
  secretFields: ['aws_access_key_id', 'aws_secret_access_key'],
  store: 'keychain',
  expirationSeconds: 3600,
  expiresAt: '2026-11-21T23:59:56.000Z',
  allowUnscoped: false,
  createdAt: '2026-11-20T08:00:00.000Z',
  updatedAt: '2026-11-20T08:00:00.000Z',
};

export const BROKEN: ConnectorView = {
  ...AWS_S3,
  name: 'broken',
  error: {
    code: 'CATALOG_CORRUPT',
    subject: 'connectors/broken.yaml',
    hint: 'repair or delete the file',
  },
};

export const VERIFIED: VerifyResult = {
  connector: 'aws-s3',
  principal: 'arn:aws:iam::123456789012:user/dev',
  accountId: '123456789012',
  resources: [
    {
      connector: 'aws-s3',
      connectorType: 'aws',
      resourceType: 's3-bucket',
      resourceIds: ['s3://zenfiles', 's3://zenlogs'],
    },
  ],
  expiresAt: '2026-11-21T13:00:00.000Z',
};

export const ISSUED: IssuedView = {
  connector: 'aws-s3',
  resources: [{ type: 's3-bucket', id: 's3://zenfiles', access: 'full' }],
  kind: 'aws-session',
  credentialId: 'ASIAEXAMPLE',
  principal: 'arn:aws:sts::123456789012:assumed-role/dev/valetkey',
  accountId: '123456789012',
  narrowed: true,
  issuedAt: '2026-11-21T12:00:00.000Z',
  expiresAt: '2026-11-21T13:00:00.000Z',
  scope: { Version: '2012-10-17' },
};

export const PROPOSAL: ProposalView = {
  proposal: 'p-1',
  type: 'aws',
  authMethod: 'session-token',
  origin: 'profile default in ~/.aws/credentials',
  notes: ['long-lived keys become sessions'],
  configuration: { region: 'eu-west-1' },
  secretFields: ['aws_access_key_id', 'aws_secret_access_key'],
};

export const STATUS: StatusView = {
  mode: 'daemon',
  version: '0.1.0',
  pid: 4711,
  home: '/home/dev/.local/state/valetkey',
  store: { kind: 'keychain', location: 'Secret Service' },
  listeners: [{ address: '127.0.0.1:9911', endpoints: ['ecs', 'imds'] }],
  workloads: [{ name: 'dev', grants: ['aws-s3=s3://zenfiles:read'] }],
  issued: [
    {
      connector: 'aws-s3',
      resources: [{ type: 's3-bucket', id: 's3://zenfiles', access: 'read' }],
      credentialId: 'ASIAEXAMPLE',
      issuedAt: '2026-11-21T11:50:00.000Z',
      expiresAt: '2026-11-21T12:50:00.000Z',
      renewsAt: '2026-11-21T12:25:00.000Z',
      heldBy: ['dev'],
    },
  ],
};
