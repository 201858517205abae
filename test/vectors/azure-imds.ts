import { hostile } from './azure/hostile.ts';
import { about } from './azure/imds-about.ts';
import { bad } from './azure/imds-bad.ts';
import { good } from './azure/imds-good.ts';
import { upstream } from './azure/upstream.ts';

export default [...good, ...bad, ...hostile, ...upstream, ...about];
