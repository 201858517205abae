import type { AccessBoundaryRule } from '../../../src/connectors/gcp/cloud.ts';

/** Reading one bucket, and nothing else. */
export function accessBoundary(bucket: string): readonly AccessBoundaryRule[] {
  return [
    {
      availableResource: `//storage.googleapis.com/projects/_/buckets/${bucket}`,
      availablePermissions: ['inRole:roles/storage.objectViewer'],
    },
  ];
}
