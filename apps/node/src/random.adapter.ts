import { randomFillSync } from 'node:crypto';

import type { Random } from './ports.js';

/** Numbers that nobody can guess, drawn from the system in bulk. */
export function systemRandom(): Random {
  const pool = new Uint32Array(256);
  let used = pool.length;
  const uint32 = (): number => {
    if (used === pool.length) {
      randomFillSync(pool);
      used = 0;
    }
    return pool[used++]!;
  };
  return { uint32, float: () => uint32() / 2 ** 32 };
}
