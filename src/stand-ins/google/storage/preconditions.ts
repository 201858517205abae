import type { StoredObject } from './buckets.ts';
import { badParameter, storageRefusal } from './refusals.ts';

/** Metageneration of every object: nothing here changes metadata alone. */
const METAGENERATION = '1';

/**
 * `ifGenerationMatch` and its kin; generation 0 is "no such object".
 * https://cloud.google.com/storage/docs/request-preconditions
 */
export function checkPreconditions(
  query: URLSearchParams,
  object: StoredObject | undefined,
  suffix = '',
): void {
  const generation = String(object?.generation ?? 0);
  const rows = [
    [`if${suffix}GenerationMatch`, generation, true],
    [`if${suffix}GenerationNotMatch`, generation, false],
    [`if${suffix}MetagenerationMatch`, METAGENERATION, true],
    [`if${suffix}MetagenerationNotMatch`, METAGENERATION, false],
  ] as const;
  for (const [name, actual, same] of rows) {
    const wanted = query.get(name);
    if (wanted === null) continue;
    if (!/^\d{1,19}$/.test(wanted)) throw badParameter(name);
    if ((wanted === actual) !== same) {
      const text = 'At least one of the pre-conditions you specified did not hold.';
      throw storageRefusal(412, 'conditionNotMet', text, {
        locationType: 'header',
        location: 'If-Match',
      });
    }
  }
}
