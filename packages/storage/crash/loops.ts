import type { Loop } from './loop.js';
import { sectorLoop } from './sector-loop.js';

export const loops: readonly Loop[] = [sectorLoop];
