import { z } from 'zod';

/** `true` and `false` also as a command line gives them. */
const Switch = z.preprocess(
  (value) => (value === 'true' ? true : value === 'false' ? false : value),
  z.boolean(),
);

/** For sources whose sessions may turn out to be such that AWS cannot narrow them. */
export const asIsField = {
  as_is: Switch.optional().describe(
    'Hand sessions on whole instead of narrowing them; the connector then needs --allow-unscoped',
  ),
};
