import { readFileSync } from 'node:fs';
import { totalmem } from 'node:os';

import { memoryShareDefault } from './limits.js';

/** 60 % of the memory that this process may use: the machine's, or its container's if that is less. In bytes. */
export function memoryBytesMaxDefault(): number {
  const available = Math.min(
    totalmem(),
    ...['/sys/fs/cgroup/memory.max', '/sys/fs/cgroup/memory/memory.limit_in_bytes'].map(limitIn),
  );
  return Math.floor(available * memoryShareDefault);
}

/** Infinity if the file is not there (no container, another system) or holds no number (`max`). */
function limitIn(path: string): number {
  try {
    const limit = Number(readFileSync(path, 'utf8').trim());
    return Number.isFinite(limit) && limit > 0 ? limit : Infinity;
  } catch {
    return Infinity;
  }
}
