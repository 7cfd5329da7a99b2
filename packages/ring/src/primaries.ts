import { nobody, type Placement } from './placement.js';
import { shortestChain } from './shortest-chain.js';
import { tieHash } from './tie-hash.js';

/**
 * Chooses the primary of every partition among its owners, so that each member comes first in its part of those it holds,
 * rounded down or up. A partition keeps its primary where it can: coordinators and caches follow it.
 * @param previous member index of each partition's primary until now, or `nobody`.
 * @returns member index by partition.
 */
export function choosePrimaries(placement: Placement, previous: Int32Array): Int32Array {
  const primaries = previous.map((member, partition) =>
    member !== nobody && placement.slotOf(partition, member) !== -1 ? member : nobody,
  );
  const election = new Election(placement, primaries);
  election.appointDirectly();
  election.appointByChains();
  return primaries;
}

const { ceil, floor } = Math;

interface Imbalance {
  readonly isSource: (member: number) => boolean;
  readonly isTarget: (member: number) => boolean;
  /** Whether chains carry primaries away from their source, or towards it. */
  readonly sourceGives: boolean;
}

/** Counts primaries while they are appointed. Which members round up is not fixed beforehand: not every choice can be met. */
class Election {
  readonly #placement: Placement;
  readonly #primaries: Int32Array;
  readonly #counts: Uint32Array;
  readonly #fewest: Uint32Array;
  readonly #most: Uint32Array;

  constructor(placement: Placement, primaries: Int32Array) {
    const { width } = placement.shape;
    this.#placement = placement;
    this.#primaries = primaries;
    this.#counts = new Uint32Array(placement.loads.length);
    for (const member of primaries) if (member !== nobody) this.#counts[member]! += 1;
    this.#fewest = placement.loads.map((load) => floor(load / width));
    this.#most = placement.loads.map((load) => ceil(load / width));
  }

  /** Gives every partition a primary, and takes from members with more than enough for those with too few. */
  appointDirectly(): void {
    for (let partition = 0; partition < this.#primaries.length; partition += 1) {
      const current = this.#primaries[partition]!;
      const best = this.#neediestOwner(partition);
      const spared = current === nobody || this.#counts[current]! > this.#fewest[current]!;
      if (current === nobody || (spared && this.#counts[best]! < this.#fewest[best]!))
        this.#appoint(partition, best);
    }
  }

  /**
   * First nobody above their most: those with too many give. Then nobody below their fewest: those with too few take. See
   * `balance` for why a chain always exists.
   */
  appointByChains(): void {
    const counts = this.#counts;
    this.#resolve({
      isSource: (member) => counts[member]! > this.#most[member]!,
      isTarget: (member) => counts[member]! < this.#most[member]!,
      sourceGives: true,
    });
    this.#resolve({
      isSource: (member) => counts[member]! < this.#fewest[member]!,
      isTarget: (member) => counts[member]! > this.#fewest[member]!,
      sourceGives: false,
    });
  }

  #resolve({ isSource, isTarget, sourceGives }: Imbalance): void {
    const nodes = [...this.#counts.keys()];
    for (;;) {
      const source = nodes.find(isSource);
      if (source === undefined) return;
      const led = this.#ledByMember();
      const chain = shortestChain({
        nodes,
        source,
        itemFor: (from, to) =>
          sourceGives ? this.#firstOwned(led[from]!, to) : this.#firstOwned(led[to]!, from),
        isTarget,
      });
      if (chain === undefined) return;
      for (const { from, to, item } of chain) this.#appoint(item, sourceGives ? to : from);
    }
  }

  #appoint(partition: number, member: number): void {
    const before = this.#primaries[partition]!;
    if (before !== nobody) this.#counts[before]! -= 1;
    this.#counts[member]! += 1;
    this.#primaries[partition] = member;
  }

  #neediestOwner(partition: number): number {
    const { loads, roster, rows, shape } = this.#placement;
    const lack = (member: number) => loads[member]! - this.#counts[member]! * shape.width;
    const tie = (member: number) => tieHash(partition, roster.numbers[member]!);
    return rows
      .subarray(partition * shape.width, (partition + 1) * shape.width)
      .reduce((a, b) => ((lack(b) - lack(a) || tie(b) - tie(a)) > 0 ? b : a));
  }

  #ledByMember(): number[][] {
    const led = Array.from(this.#counts, (): number[] => []);
    this.#primaries.forEach((member, partition) => void led[member]!.push(partition));
    return led;
  }

  #firstOwned(partitions: readonly number[], member: number): number {
    return partitions.find((partition) => this.#placement.slotOf(partition, member) !== -1) ?? -1;
  }
}
