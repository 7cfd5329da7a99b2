import { nobody, type Placement } from './placement.js';
import { shortestChain } from './shortest-chain.js';
import { tieHash } from './tie-hash.js';

// Inside jest every read of a global costs many times what it costs in plain node.
const { floor, imul } = Math;

/**
 * Brings every member to its quota and fills every slot, moving as little as it can: first empty slots to whoever lacks
 * most, then single partitions straight from members above their quota to members below, and where neither can be done
 * directly, along the shortest chain of members.
 *
 * Chains always exist while the quotas can be met at all: this is a flow problem (slots into partitions, at most
 * `perZoneMax` of a partition into a zone, one into a member, its quota out), and a flow that is not maximal has an
 * augmenting path. The steps of a shortest one do not disturb each other: if two of them used one partition in conflicting
 * ways, the first could have gone straight to the end of the second, and the path would not be shortest.
 */
export function balance(placement: Placement, quotas: Uint32Array): void {
  fillEmptySlots(placement, quotas);
  moveDirectly(placement, quotas);
  for (const slot of emptySlots(placement)) fillByChain(placement, quotas, slot);
  for (;;) {
    const from = placement.loads.findIndex((load, member) => load > quotas[member]!);
    if (from === -1 || !moveByChain(placement, quotas, from)) return;
  }
}

function emptySlots({ rows }: Placement): number[] {
  const slots: number[] = [];
  rows.forEach((owner, slot) => {
    if (owner === nobody) slots.push(slot);
  });
  return slots;
}

function fillEmptySlots(placement: Placement, quotas: Uint32Array): void {
  const { loads, roster, rows, shape } = placement;
  for (let slot = 0; slot < rows.length; slot += 1) {
    if (rows[slot] !== nobody) continue;
    const partition = floor(slot / shape.width);
    let best = nobody;
    let bestLack = 0;
    let bestTie = 0;
    for (let member = 0; member < loads.length; member += 1) {
      const lack = quotas[member]! - loads[member]!;
      if (lack <= 0 || lack < bestLack) continue;
      const tie = tieHash(partition, roster.numbers[member]!);
      if (lack === bestLack && tie < bestTie) continue;
      if (!placement.admits(partition, member, nobody)) continue;
      best = member;
      bestLack = lack;
      bestTie = tie;
    }
    if (best !== nobody) placement.put(slot, best);
  }
}

/** Each member below its quota goes through the partitions in an order of its own and takes from whoever has most too many. */
function moveDirectly(placement: Placement, quotas: Uint32Array): void {
  const { loads, partitions, roster, rows, shape } = placement;
  const lack = (member: number) => quotas[member]! - loads[member]!;
  const takers = [...loads.keys()].filter((member) => lack(member) > 0).sort((a, b) => lack(b) - lack(a));
  for (const taker of takers) {
    const start = tieHash(0, roster.numbers[taker]!);
    const stride = tieHash(1, roster.numbers[taker]!) | 1; // odd, so that it meets every partition of a power of two
    for (let round = 0; round < partitions && lack(taker) > 0; round += 1) {
      const partition = (start + imul(round, stride)) & (partitions - 1);
      let giverSlot = -1;
      let most = 0;
      for (let slot = partition * shape.width; slot < (partition + 1) * shape.width; slot += 1) {
        const giver = rows[slot]!;
        if (giver === nobody || -lack(giver) <= most || !placement.admits(partition, taker, giver)) continue;
        giverSlot = slot;
        most = -lack(giver);
      }
      if (giverSlot !== -1) placement.put(giverSlot, taker);
    }
  }
}

/** The empty slot as the source of a chain. */
const emptySlot = -2;

function fillByChain(placement: Placement, quotas: Uint32Array, slot: number): void {
  const partition = floor(slot / placement.shape.width);
  const itemFor = itemFinder(placement);
  const chain = shortestChain({
    nodes: neediestFirst(placement, quotas),
    source: emptySlot,
    itemFor: (from, to) => {
      if (from !== emptySlot) return itemFor(from, to);
      return placement.admits(partition, to, nobody) ? partition : -1;
    },
    isTarget: (member) => placement.loads[member]! < quotas[member]!,
  });
  for (const { from, to, item } of chain ?? []) {
    placement.put(from === emptySlot ? slot : placement.slotOf(item, from), to);
  }
}

/** Returns whether a chain was found. */
function moveByChain(placement: Placement, quotas: Uint32Array, source: number): boolean {
  const chain = shortestChain({
    nodes: neediestFirst(placement, quotas),
    source,
    itemFor: itemFinder(placement),
    isTarget: (member) => placement.loads[member]! < quotas[member]!,
  });
  for (const { from, to, item } of chain ?? []) placement.put(placement.slotOf(item, from), to);
  return chain !== undefined;
}

function neediestFirst({ loads }: Placement, quotas: Uint32Array): number[] {
  const lack = (member: number) => quotas[member]! - loads[member]!;
  return [...loads.keys()].sort((a, b) => lack(b) - lack(a));
}

/** Finds a partition that one member could hand to another as things stand now. */
function itemFinder(placement: Placement): (from: number, to: number) => number {
  const held = Array.from(placement.loads, (): number[] => []);
  placement.rows.forEach((owner, slot) => {
    if (owner !== nobody) held[owner]!.push(floor(slot / placement.shape.width));
  });
  return (from, to) => held[from]!.find((partition) => placement.admits(partition, to, from)) ?? -1;
}
