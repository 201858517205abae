import { hostile } from './gce-metadata/hostile.ts';
import { identity } from './gce-metadata/identity.ts';
import { recursive } from './gce-metadata/recursive.ts';
import { refused } from './gce-metadata/refused.ts';
import { scalars } from './gce-metadata/scalars.ts';
import { tokens } from './gce-metadata/tokens.ts';
import { tree } from './gce-metadata/tree.ts';

export default [...tree, ...scalars, ...recursive, ...tokens, ...identity, ...refused, ...hostile];
