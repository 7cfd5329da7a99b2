import type { Assignment } from './assignment.js';
import { nobody, type Placement } from './placement.js';
import type { Roster } from './roster.js';
import { tieHash } from './tie-hash.js';

/** The previous owners that are still members, as member indexes, by partition; preferred first. */
export function survivorsOf(previous: Assignment, { numbers }: Roster): number[][] {
  const indexByNumber = new Int32Array(0x1_0000).fill(nobody);
  numbers.forEach((number, index) => void (indexByNumber[number] = index));
  return Array.from({ length: previous.partitions }, (_, partition) => {
    const start = partition * previous.replicationFactor;
    const row = previous.owners.subarray(start, start + previous.replicationFactor);
    return Array.from(row, (number) => indexByNumber[number]!).filter((index) => index !== nobody);
  });
}

/** How many partitions each member holds. */
export function loadsOf(survivors: readonly number[][], memberCount: number): Uint32Array {
  const loads = new Uint32Array(memberCount);
  for (const row of survivors) for (const member of row) loads[member]! += 1;
  return loads;
}

/**
 * Puts the survivors into their rows. Where they are too many for the row or for a zone (the factor went down, a zone came
 * in), those furthest above their quota leave.
 */
export function settle(placement: Placement, survivors: readonly number[][], quotas: Uint32Array): void {
  const { roster, shape } = placement;
  const loads = loadsOf(survivors, roster.numbers.length);
  survivors.forEach((survivorsOfRow, partition) => {
    let row = survivorsOfRow;
    for (;;) {
      const crowd = tooMany(row);
      if (crowd.length === 0) break;
      const above = (member: number) => loads[member]! - quotas[member]!;
      const tie = (member: number) => tieHash(partition, roster.numbers[member]!);
      const leaving = crowd.reduce((a, b) => ((above(b) - above(a) || tie(b) - tie(a)) > 0 ? b : a));
      loads[leaving]! -= 1;
      row = row.filter((member) => member !== leaving);
    }
    row.forEach((member, place) => placement.put(partition * shape.width + place, member));
  });

  /** Members of which one has to leave the row; none if all may stay. */
  function tooMany(row: number[]): number[] {
    for (const member of row) {
      const zone = roster.zones[member];
      const inZone = row.filter((other) => roster.zones[other] === zone);
      if (inZone.length > shape.perZoneMax) return inZone;
    }
    return row.length > shape.width ? row : [];
  }
}
