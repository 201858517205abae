import type { WorkloadConfig } from '../config/workload-schema.ts';
import type { GceInstance } from '../endpoints/contract.ts';

/** The Compute Engine instance that a workload is told it runs on, as far as its configuration says. */
export function gceInstance(workload: string, config?: WorkloadConfig['gcp']): GceInstance {
  return {
    name: config?.instance_name ?? workload,
    zone: config?.zone,
    machineType: config?.machine_type ?? 'custom',
    tags: config?.tags ?? [],
    attributes: config?.attributes ?? {},
    projectAttributes: config?.project_attributes ?? {},
    projectId: config?.project_id,
    projectNumber: config?.project_number,
  };
}
