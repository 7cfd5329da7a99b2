/**
 * Is a register linearizable? The zone algorithm of Gibbons and Korach ("Testing shared memories", SIAM Journal on
 * Computing 26:4, 1997, section 4), in O(n log n).
 *
 * With unique written values every read names its write. In a linearization the operations of one cluster lie side by side
 * (its write, then its reads, then the next cluster's write), so only the order of clusters is to be found. A must come
 * before B if some operation of A ended before some operation of B began, that is if A.firstEnded < B.lastBegan. This
 * relation among clusters has a cycle only if two clusters must each come before the other, so pairs are enough. The
 * stretch between a cluster's firstEnded and its lastBegan is its *zone*:
 *
 * - *forward*, firstEnded < lastBegan: throughout it the register holds this cluster's value;
 * - *backward*, otherwise: its operations share a moment, and somewhere within the zone one moment is enough.
 *
 * Two forward zones that overlap contradict each other, and so does a backward zone that lies wholly within a forward one.
 * Two backward zones never do. Both are found by sorting zones and keeping the furthest end so far.
 *
 * A read that found nothing and does not tell why is a backward zone that no forward zone of a value that was neither
 * deleted nor expires may contain: the register held that value for all of the read.
 */
import type { ReadOperation } from './history.js';
import { hides } from './key-history.js';
import type { Cluster } from './register-clusters.js';

/** `within` is a forward zone; the two cannot be ordered. */
export interface ZoneConflict {
  readonly cluster: Cluster;
  readonly within: Cluster;
}

/** At most one conflict for each cluster; none if and only if the clusters can be ordered. */
export function zoneConflicts(clusters: readonly Cluster[]): ZoneConflict[] {
  const { forward, backward } = split(clusters);
  const conflicts: ZoneConflict[] = [];
  let furthest: Cluster | undefined;
  for (const cluster of forward) {
    if (furthest !== undefined && cluster.firstEndedMs < furthest.lastBeganMs) {
      conflicts.push({ cluster, within: furthest });
    }
    if (furthest === undefined || cluster.lastBeganMs > furthest.lastBeganMs) furthest = cluster;
  }
  const surrounding = new Surrounding(forward);
  for (const cluster of backward) {
    const within = surrounding.zoneAround(cluster.lastBeganMs, cluster.firstEndedMs);
    if (within !== undefined) conflicts.push({ cluster, within });
  }
  return conflicts;
}

export interface UntoldConflict {
  readonly read: ReadOperation;
  readonly within: Cluster;
}

/** Reads that found nothing while the register certainly held a value. */
export function untoldConflicts(
  clusters: readonly Cluster[],
  untold: readonly ReadOperation[],
): UntoldConflict[] {
  if (untold.length === 0) return [];
  const values = clusters.filter(({ write }) => write !== undefined && !hides(write));
  const surrounding = new Surrounding(split(values).forward);
  const conflicts: UntoldConflict[] = [];
  for (const read of [...untold].sort((a, b) => a.beganMs - b.beganMs)) {
    const within = surrounding.zoneAround(read.beganMs, read.endedMs);
    if (within !== undefined) conflicts.push({ read, within });
  }
  return conflicts;
}

function split(clusters: readonly Cluster[]): { forward: Cluster[]; backward: Cluster[] } {
  const forward: Cluster[] = [];
  const backward: Cluster[] = [];
  for (const cluster of clusters) {
    if (cluster.firstEndedMs < cluster.lastBeganMs) forward.push(cluster);
    else backward.push(cluster);
  }
  forward.sort((a, b) => a.firstEndedMs - b.firstEndedMs);
  backward.sort((a, b) => a.lastBeganMs - b.lastBeganMs);
  return { forward, backward };
}

/** Asked with growing starts: of the forward zones that began before, the one that reaches furthest. */
class Surrounding {
  readonly #forward: readonly Cluster[];
  #next = 0;
  #furthest: Cluster | undefined;

  constructor(forward: readonly Cluster[]) {
    this.#forward = forward;
  }

  zoneAround(startMs: number, endMs: number): Cluster | undefined {
    while (this.#next < this.#forward.length && this.#forward[this.#next]!.firstEndedMs < startMs) {
      const zone = this.#forward[this.#next]!;
      if (this.#furthest === undefined || zone.lastBeganMs > this.#furthest.lastBeganMs) {
        this.#furthest = zone;
      }
      this.#next += 1;
    }
    const furthest = this.#furthest;
    return furthest !== undefined && endMs < furthest.lastBeganMs ? furthest : undefined;
  }
}
