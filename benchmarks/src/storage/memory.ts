import { getHeapSpaceStatistics } from 'node:v8';

/** Full collections, where the process was started with `--expose-gc`, so that what is left is what is used. */
export function collectGarbage(): void {
  globalThis.gc?.();
  globalThis.gc?.();
}

/** Without the nursery of V8's heap: it becomes as large as garbage is made fast, and stays so, whatever is kept. */
export function residentBytes(): number {
  const nursery = getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space');
  return process.memoryUsage.rss() - (nursery?.physical_space_size ?? 0);
}
