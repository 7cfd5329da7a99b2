import type { Loop } from './loop.js';
import { damageLoop } from './damage-loop.js';
import { sectorLoop } from './sector-loop.js';

export const loops: readonly Loop[] = [damageLoop, sectorLoop];
