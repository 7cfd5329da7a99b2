import { nobody, type Placement } from './placement.js';
import { shortestChain } from './shortest-chain.js';

/**
 * Fills the slots still empty, and brings members still above their quota down to it, along chains of members.
 *
 * Chains always exist while the quotas can be met at all: this is a flow problem (slots into partitions, at most
 * `perZoneMax` of a partition into a zone, one into a member, its quota out), and a flow that is not maximal has an
 * augmenting path. The steps of a shortest one do not disturb each other: if two of them used one partition in conflicting
 * ways, the first could have gone straight to the end of the second, and the path would not be shortest.
 */
export function moveByChains(placement: Placement, quotas: Uint32Array): void {
  const { loads, rows, shape } = placement;
  const holdings = new Holdings(placement);
  rows.forEach((owner, slot) => {
    if (owner === nobody) moveAlongChain(emptySlot, slot);
  });
  for (;;) {
    const source = loads.findIndex((load, member) => load > quotas[member]!);
    if (source === -1 || !moveAlongChain(source)) return;
  }

  /** @param slot the empty one, if that is the source. Returns whether there was a chain. */
  function moveAlongChain(source: number, slot = -1): boolean {
    const lack = (member: number) => quotas[member]! - loads[member]!;
    const partition = floor(slot / shape.width);
    const chain = shortestChain({
      nodes: [...loads.keys()].sort((a, b) => lack(b) - lack(a)),
      source,
      itemFor: (from, to) => {
        if (from !== emptySlot) return holdings.itemFor(from, to);
        return placement.admits(partition, to, nobody) ? partition : -1;
      },
      isTarget: (member) => lack(member) > 0,
    });
    for (const { from, to, item } of chain ?? []) {
      placement.put(from === emptySlot ? slot : placement.slotOf(item, from), to);
      holdings.add(to, item);
    }
    return chain !== undefined;
  }
}

const { floor } = Math;

/** An empty slot as the source of a chain; no member has this index. */
const emptySlot = -2;

/** Which partitions each member holds. A partition given away stays listed, and is passed over when it comes up. */
class Holdings {
  readonly #placement: Placement;
  readonly #partitions: number[][];

  constructor(placement: Placement) {
    this.#placement = placement;
    this.#partitions = Array.from(placement.loads, (): number[] => []);
    placement.rows.forEach((owner, slot) => {
      if (owner !== nobody) this.add(owner, floor(slot / placement.shape.width));
    });
  }

  add(member: number, partition: number): void {
    this.#partitions[member]!.push(partition);
  }

  /** A partition that one member could hand to another as things stand now, or -1. */
  itemFor(from: number, to: number): number {
    const placement = this.#placement;
    const found = this.#partitions[from]!.find(
      (partition) => placement.admits(partition, to, from) && placement.slotOf(partition, from) !== -1,
    );
    return found ?? -1;
  }
}
