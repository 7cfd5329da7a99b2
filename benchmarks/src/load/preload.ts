import { performance } from 'node:perf_hooks';

import type { Operations } from '../peers/system.js';
import { keyOf, valueOf } from './keys.js';

export interface PreloadOptions {
  readonly keys: number;
  readonly valueBytes: number;
  /** Stops there, with fewer keys than asked for. */
  readonly timeoutMs: number;
}

const inFlight = 256;

/**
 * Puts every key, so that a get always finds a value.
 *
 * @returns how many are there
 */
export async function preload(
  operations: Operations,
  { keys, valueBytes, timeoutMs }: PreloadOptions,
): Promise<number> {
  const value = valueOf(valueBytes);
  const endMs = performance.now() + timeoutMs;
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < keys && performance.now() < endMs) await operations.put(keyOf(next++, valueBytes), value);
  };
  await Promise.all(Array.from({ length: Math.min(inFlight, keys) }, worker));
  return next;
}
