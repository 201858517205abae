import type { Bed } from '../bed.ts';
import type { Cores } from '../cores.ts';
import type { CostMeter } from '../cost.ts';
import type { Load } from '../load.ts';
import type { Plan } from '../plan.ts';

/** What every section is given. */
export interface Bench {
  readonly plan: Plan;
  readonly bed: Bed;
  readonly cores: Cores;
  readonly load: Load;
  readonly cost: CostMeter;
}
