import type { RingMember } from './options.js';

/** The members as the algorithm sees them: dense indexes instead of numbers, parallel arrays. */
export interface Roster {
  /** Ascending; a member's place in it is its index. */
  readonly numbers: Uint16Array;
  readonly weights: Float64Array;
  /** Index of each member's zone. */
  readonly zones: Uint16Array;
  readonly zoneCount: number;
}

export function rosterOf(members: readonly RingMember[]): Roster {
  const inOrder = [...members].sort((a, b) => a.number - b.number);
  const zoneIndexes = new Map<string, number>();
  let zoneCount = 0;
  const zones = inOrder.map(({ zone }) => {
    const known = zone === undefined ? undefined : zoneIndexes.get(zone);
    if (known !== undefined) return known;
    if (zone !== undefined) zoneIndexes.set(zone, zoneCount);
    zoneCount += 1;
    return zoneCount - 1;
  });
  return {
    numbers: Uint16Array.from(inOrder, ({ number }) => number),
    weights: Float64Array.from(inOrder, ({ weight }) => weight ?? 1),
    zones: Uint16Array.from(zones),
    zoneCount,
  };
}
