import { z } from 'zod';

/** `true` and `false` also as a command line gives them. */
export const Switch = z.preprocess(
  (value) => (value === 'true' ? true : value === 'false' ? false : value),
  z.boolean(),
);
