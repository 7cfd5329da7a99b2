/** Full collections, where the process was started with `--expose-gc`, so that what is left is what is used. */
export function collectGarbage(): void {
  globalThis.gc?.();
  globalThis.gc?.();
}

export function residentBytes(): number {
  return process.memoryUsage.rss();
}
