import { totalmem } from 'node:os';
import { getHeapStatistics } from 'node:v8';

import { heapShareDefault, memoryShareDefault } from '../limits.js';

/**
 * The smaller of 60 % of the memory that this process may use (the machine's, or its container's if that is less) and
 * half of V8's heap limit: small records live in that heap, and a process that reaches its limit is aborted. In bytes.
 */
export function memoryBytesMaxDefault(): number {
  // 0 without a limit, and on some systems a number beyond any memory.
  const limit = process.constrainedMemory();
  const memory = limit > 0 ? Math.min(totalmem(), limit) : totalmem();
  const heap = getHeapStatistics().heap_size_limit;
  return Math.floor(Math.min(memory * memoryShareDefault, heap * heapShareDefault));
}
