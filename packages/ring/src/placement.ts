import type { RowShape } from './quotas.js';
import type { Roster } from './roster.js';

/** An empty place in a row, or "nobody" where an owner is meant. */
export const nobody = -1;

/**
 * Rows being worked on: who holds which partition, by member index, unordered. It keeps the loads in step and answers
 * whether a member may come in; it decides nothing.
 */
export class Placement {
  readonly roster: Roster;
  readonly shape: RowShape;
  readonly partitions: number;
  /** `partitions` rows of `shape.width` member indexes or `nobody`. */
  readonly rows: Int32Array;
  /** Partitions held, by member index. */
  readonly loads: Uint32Array;

  constructor(roster: Roster, shape: RowShape, partitions: number) {
    this.roster = roster;
    this.shape = shape;
    this.partitions = partitions;
    this.rows = new Int32Array(partitions * shape.width).fill(nobody);
    this.loads = new Uint32Array(roster.numbers.length);
  }

  /** The slot, an index into `rows`, that `owner` (or `nobody`: an empty one) has in a partition, or -1. */
  slotOf(partition: number, owner: number): number {
    const start = partition * this.shape.width;
    for (let slot = start; slot < start + this.shape.width; slot += 1)
      if (this.rows[slot] === owner) return slot;
    return -1;
  }

  /** Whether `member` may come into a partition when `leaving` (or `nobody`) goes out of it. */
  admits(partition: number, member: number, leaving: number): boolean {
    const { zones } = this.roster;
    const { width, perZoneMax } = this.shape;
    const zone = zones[member];
    let inZone = 0;
    for (let slot = partition * width; slot < (partition + 1) * width; slot += 1) {
      const owner = this.rows[slot]!;
      if (owner === member) return false;
      if (owner !== nobody && owner !== leaving && zones[owner] === zone) inZone += 1;
    }
    return inZone < perZoneMax;
  }

  /** Puts a member (or `nobody`) into a slot in place of whoever is there. */
  put(slot: number, member: number): void {
    const before = this.rows[slot]!;
    if (before !== nobody) this.loads[before]! -= 1;
    if (member !== nobody) this.loads[member]! += 1;
    this.rows[slot] = member;
  }
}
