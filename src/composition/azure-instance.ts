import type { WorkloadConfig } from '../config/workload-schema.ts';
import type { AzureInstance } from '../endpoints/contract.ts';

/** The Azure virtual machine that a workload is told it runs on, as far as its configuration says. */
export function azureInstance(workload: string, config?: WorkloadConfig['azure']): AzureInstance {
  return {
    name: config?.instance_name ?? workload,
    location: config?.location,
    resourceGroup: config?.resource_group,
    subscriptionId: config?.subscription_id,
    vmSize: config?.vm_size ?? 'custom',
    tags: config?.tags ?? {},
  };
}
