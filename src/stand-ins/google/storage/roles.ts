const OBJECT_READ = ['storage.objects.get', 'storage.objects.list'];
const UPLOADS = [
  'storage.multipartUploads.abort',
  'storage.multipartUploads.create',
  'storage.multipartUploads.listParts',
];
const OBJECT_USE = [
  ...OBJECT_READ,
  ...UPLOADS,
  'storage.multipartUploads.list',
  'storage.objects.create',
  'storage.objects.delete',
  'storage.objects.update',
];
const OBJECT_ADMIN = [
  ...OBJECT_USE,
  'storage.objects.getIamPolicy',
  'storage.objects.setIamPolicy',
];
const BUCKET_ADMIN = [
  'storage.buckets.create',
  'storage.buckets.delete',
  'storage.buckets.get',
  'storage.buckets.getIamPolicy',
  'storage.buckets.list',
  'storage.buckets.setIamPolicy',
  'storage.buckets.update',
];
const BUCKET_WRITE = [
  'storage.buckets.get',
  'storage.objects.list',
  'storage.objects.create',
  'storage.objects.delete',
  ...UPLOADS,
  'storage.multipartUploads.list',
];

/** https://cloud.google.com/storage/docs/access-control/iam-roles */
const ROLES: ReadonlyMap<string, ReadonlySet<string>> = new Map(
  Object.entries({
    'roles/storage.admin': [...BUCKET_ADMIN, ...OBJECT_ADMIN],
    'roles/storage.bucketViewer': ['storage.buckets.get', 'storage.buckets.list'],
    'roles/storage.objectViewer': OBJECT_READ,
    'roles/storage.objectCreator': ['storage.objects.create', ...UPLOADS],
    'roles/storage.objectUser': OBJECT_USE,
    'roles/storage.objectAdmin': OBJECT_ADMIN,
    'roles/storage.legacyObjectReader': ['storage.objects.get'],
    'roles/storage.legacyObjectOwner': [
      'storage.objects.get',
      'storage.objects.update',
      'storage.objects.getIamPolicy',
      'storage.objects.setIamPolicy',
    ],
    'roles/storage.legacyBucketReader': [
      'storage.buckets.get',
      'storage.objects.list',
      'storage.multipartUploads.list',
    ],
    'roles/storage.legacyBucketWriter': BUCKET_WRITE,
    'roles/storage.legacyBucketOwner': [
      ...BUCKET_WRITE,
      'storage.buckets.getIamPolicy',
      'storage.buckets.setIamPolicy',
      'storage.buckets.update',
    ],
  }).map(([role, permissions]) => [role, new Set(permissions)]),
);

/** Undefined for a role that there is not. */
export function permissionsOf(role: string): ReadonlySet<string> | undefined {
  return ROLES.get(role);
}
