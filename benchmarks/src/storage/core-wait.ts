import { closeSync, openSync, readSync } from 'node:fs';

/** Two of its numbers are of nanoseconds: running, and ready to run while others had the processor. */
const file = '/proc/self/schedstat';

/** Tells how long the main thread of this process has waited for a processor, where the system says so. */
export interface CoreWait {
  /** Since the thread began, in ms. */
  read(): number;
  close(): void;
}

export function openCoreWait(): CoreWait {
  let descriptor: number;
  try {
    descriptor = openSync(file, 'r');
  } catch {
    // Not Linux, or without these statistics: waiting then counts as work.
    return { read: () => 0, close: () => undefined };
  }
  const text = Buffer.alloc(64);
  return {
    read() {
      const length = readSync(descriptor, text, 0, text.length, 0);
      return Number(text.toString('latin1', 0, length).split(' ')[1]) / 1e6;
    },
    close: () => closeSync(descriptor),
  };
}
