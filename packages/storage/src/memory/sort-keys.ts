import type { KeyArena } from './key-arena.js';

/**
 * Sorts references by their keys' bytes, in place: three-way radix quicksort ("Fast Algorithms for Sorting and Searching
 * Strings", Bentley and Sedgewick, 1997). What keys have in common is looked at once, not at every comparison.
 */
export function sortKeys(arena: KeyArena, refs: Uint32Array): void {
  sortRange(arena, refs, { low: 0, high: refs.length, depth: 0 });
}

interface Range {
  low: number;
  /** Exclusive. */
  high: number;
  /** So many bytes are the same for all. */
  depth: number;
}

/** Recurs into all parts but the longest, so the stack is never deeper than the logarithm of the count. */
function sortRange(arena: KeyArena, refs: Uint32Array, range: Range): void {
  let { low, high, depth } = range;
  while (high - low > 1) {
    const pivot = medianByte(arena, refs, { low, high, depth });
    let less = low;
    let greater = high;
    for (let index = low; index < greater;) {
      const byte = arena.byteAt(refs[index]!, depth);
      if (byte < pivot) swap(refs, index++, less++);
      else if (byte > pivot) swap(refs, index, --greater);
      else index += 1;
    }
    const parts = [
      { low, high: less, depth },
      // Keys that end here are all the same key.
      { low: less, high: pivot === 0 ? less : greater, depth: depth + 1 },
      { low: greater, high, depth },
    ].sort((a, b) => a.high - a.low - (b.high - b.low));
    sortRange(arena, refs, parts[0]!);
    sortRange(arena, refs, parts[1]!);
    ({ low, high, depth } = parts[2]!);
  }
}

function medianByte(arena: KeyArena, refs: Uint32Array, { low, high, depth }: Range): number {
  const a = arena.byteAt(refs[low]!, depth);
  const b = arena.byteAt(refs[(low + high) >>> 1]!, depth);
  const c = arena.byteAt(refs[high - 1]!, depth);
  return Math.max(Math.min(a, b), Math.min(Math.max(a, b), c));
}

function swap(refs: Uint32Array, a: number, b: number): void {
  const ref = refs[a]!;
  refs[a] = refs[b]!;
  refs[b] = ref;
}
