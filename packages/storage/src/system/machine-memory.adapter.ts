import { totalmem } from 'node:os';

import { memoryShareDefault } from '../limits.js';

/**
 * 60 % of the memory that this process may use: the machine's, or its container's if that is less. Records lie outside of
 * V8's heap, so its limit plays no part. In bytes.
 */
export function memoryBytesMaxDefault(): number {
  // 0 without a limit, and on some systems a number beyond any memory.
  const limit = process.constrainedMemory();
  const memory = limit > 0 ? Math.min(totalmem(), limit) : totalmem();
  return Math.floor(memory * memoryShareDefault);
}
