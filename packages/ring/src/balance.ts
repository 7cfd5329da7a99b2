import { moveByChains } from './chains.js';
import { nobody, type Placement } from './placement.js';
import { tieHash } from './tie-hash.js';

// Inside jest every read of a global costs many times what it costs in plain node.
const { floor, imul } = Math;

/**
 * Brings every member to its quota and fills every slot, moving as little as it can: first empty slots to whoever lacks
 * most, then single partitions straight from members above their quota to members below, and where neither can be done
 * directly, along the shortest chain of members.
 * @throws Error if that fails, which is a defect here: nothing was changed, the assignment before still holds.
 */
export function balance(placement: Placement, quotas: Uint32Array): void {
  fillEmptySlots(placement, quotas);
  moveDirectly(placement, quotas);
  moveByChains(placement, quotas);
  if (placement.rows.includes(nobody) || placement.loads.some((load, member) => load !== quotas[member])) {
    throw new Error('defect: partitions could not be assigned as planned');
  }
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
