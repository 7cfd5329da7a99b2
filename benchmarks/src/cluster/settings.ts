import type { Load } from '../load/load.js';
import type { BenchmarkOptions } from './options.js';

/** What every load has unless a part says otherwise. */
export function baseLoad({ keys, valueBytes, seed, durationMs, warmUpMs }: BenchmarkOptions): Load {
  return {
    workload: 'put',
    keyOrder: 'uniform',
    level: 'quorum',
    previous: false,
    busyPolls: false,
    inFlight: 256,
    clients: 1,
    keys,
    valueBytes,
    warmUpMs,
    durationMs,
    seed,
  };
}

/** Every combination, the last list varying fastest. */
export function combine<A, B>(first: readonly A[], second: readonly B[]): readonly (readonly [A, B])[] {
  return first.flatMap((a) => second.map((b) => [a, b] as const));
}
