import { totalmem } from 'node:os';

import { memoryShareDefault } from '../limits.js';

/** 60 % of the memory that this process may use: the machine's, or its container's if that is less. In bytes. */
export function memoryBytesMaxDefault(): number {
  // 0 without a limit, and on some systems a number beyond any memory.
  const limit = process.constrainedMemory();
  return Math.floor((limit > 0 ? Math.min(totalmem(), limit) : totalmem()) * memoryShareDefault);
}
