import { who } from './ecs/who.ts';
import { what } from './ecs/what.ts';
import { upstream } from './ecs/upstream.ts';
import { good } from './ecs/good.ts';
import { hostile } from './ecs/hostile.ts';

export default [...who, ...what, ...upstream, ...good, ...hostile];
