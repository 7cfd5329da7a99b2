import type { Loop } from './loop.js';
import { damageLoop } from './damage-loop.js';
import { faultLoop } from './fault-loop.js';
import { fullDiskLoop } from './full-disk-loop.js';
import { killLoop } from './kill-loop.js';
import { sectorLoop } from './sector-loop.js';

export const loops: readonly Loop[] = [damageLoop, sectorLoop, faultLoop, killLoop, fullDiskLoop];
