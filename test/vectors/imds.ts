import { token } from './imds/token.ts';
import { who } from './imds/who.ts';
import { role } from './imds/role.ts';
import { about } from './imds/about.ts';
import { hostile } from './imds/hostile.ts';

export default [...token, ...who, ...role, ...about, ...hostile];
