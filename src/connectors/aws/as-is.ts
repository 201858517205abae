import { Switch } from '../fields/switch.ts';

/** For sources whose sessions may turn out to be such that AWS cannot narrow them. */
export const asIsField = {
  as_is: Switch.optional().describe(
    'Hand sessions on whole instead of narrowing them; the connector then needs --allow-unscoped',
  ),
};
