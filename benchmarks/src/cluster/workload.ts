import type { KvClient } from '@kv/client';

import type { Level, WorkloadName } from './result.js';

export type Operation = (client: KvClient) => Promise<unknown>;

export interface WorkloadOptions {
  readonly name: WorkloadName;
  readonly level: Level;
  readonly keys: number;
  readonly valueBytes: number;
  readonly seed: number;
}

const getShareOfMixed = 0.8;

/** An endless source of operations over uniformly drawn keys. Previous values are declined: few applications ask. */
export function createWorkload({ name, level, keys, valueBytes, seed }: WorkloadOptions): () => Operation {
  const next = createUniform(seed);
  const value = valueOf(valueBytes);
  const get = (key: string): Operation => {
    return (client) => client.get(key, { consistency: level });
  };
  const put = (key: string): Operation => {
    return (client) => client.put(key, value, { consistency: level, previous: false });
  };
  return () => {
    const key = keyOf(Math.floor(next() * keys));
    switch (name) {
      case 'put':
        return put(key);
      case 'get':
        return get(key);
      case 'mixed':
        return next() < getShareOfMixed ? get(key) : put(key);
    }
  };
}

export function keyOf(index: number): string {
  return `key-${String(index).padStart(10, '0')}`;
}

export function valueOf(bytes: number): string {
  return 'v'.repeat(bytes);
}

/** Numbers in [0, 1), the same for the same seed (mulberry32), so that two runs ask for the same keys. */
function createUniform(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
