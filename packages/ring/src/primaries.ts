import { nobody, type Placement } from './placement.js';
import { wholeQuotas } from './quotas.js';
import { shortestChain } from './shortest-chain.js';
import { tieHash } from './tie-hash.js';

/**
 * Chooses the primary of every partition among its owners, so that each member comes first in its part of them, rounded
 * down or up. A partition keeps its primary where it can: coordinators and caches follow it.
 * @param previous member index of each partition's primary until now, or `nobody`.
 * @returns member index by partition.
 */
export function choosePrimaries(placement: Placement, previous: Int32Array): Int32Array {
  const { loads, partitions, roster, rows, shape } = placement;
  const primaries = previous.map((member, partition) =>
    member !== nobody && placement.slotOf(partition, member) !== -1 ? member : nobody,
  );
  const counts = new Uint32Array(loads.length);
  for (const member of primaries) if (member !== nobody) counts[member]! += 1;
  const quotas = wholeQuotas({
    ideals: Float64Array.from(loads, (load) => load / shape.width),
    total: partitions,
    loads: counts,
    numbers: roster.numbers,
  });

  const spare = (member: number) => quotas[member]! - counts[member]!;
  const appoint = (partition: number, member: number) => {
    const before = primaries[partition]!;
    if (before !== nobody) counts[before]! -= 1;
    primaries[partition] = member;
    counts[member]! += 1;
  };
  for (let partition = 0; partition < partitions; partition += 1) {
    const current = primaries[partition]!;
    if (current !== nobody && spare(current) >= 0) continue;
    const best = mostSpare(partition);
    if (current === nobody || spare(best) > 0) appoint(partition, best);
  }
  for (;;) {
    const source = counts.findIndex((_, member) => spare(member) < 0);
    const chain = source === -1 ? undefined : chainFrom(source);
    if (chain === undefined) return primaries;
    for (const { to, item } of chain) appoint(item, to);
  }

  function mostSpare(partition: number): number {
    const owners = rows.subarray(partition * shape.width, (partition + 1) * shape.width);
    const tie = (member: number) => tieHash(partition, roster.numbers[member]!);
    return owners.reduce((a, b) => ((spare(b) - spare(a) || tie(b) - tie(a)) > 0 ? b : a));
  }

  function chainFrom(source: number) {
    const led = Array.from(loads, (): number[] => []);
    primaries.forEach((member, partition) => void led[member]!.push(partition));
    return shortestChain({
      nodes: [...loads.keys()],
      source,
      itemFor: (from, to) => led[from]!.find((partition) => placement.slotOf(partition, to) !== -1) ?? -1,
      isTarget: (member) => spare(member) > 0,
    });
  }
}
