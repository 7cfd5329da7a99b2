/** One step of a chain: `from` gives `item` to `to`. */
export interface Handover {
  readonly from: number;
  readonly to: number;
  readonly item: number;
}

export interface ChainSearch {
  /** All nodes, those to be tried first in front. */
  readonly nodes: readonly number[];
  /** Where the chain begins. */
  readonly source: number;
  /** An item that `from` could give to `to`, or -1. */
  readonly itemFor: (from: number, to: number) => number;
  /** Whether the chain may end here. */
  readonly isTarget: (node: number) => boolean;
}

/**
 * The shortest chain of handovers from the source to a target, or undefined if there is none: breadth-first search for an
 * augmenting path (Berge, 1957). When no node in need can take anything from a node in excess, others hand on what they
 * have, and only the two ends of the chain change their loads.
 */
export function shortestChain({ nodes, source, itemFor, isTarget }: ChainSearch): Handover[] | undefined {
  const reachedBy = new Map<number, Handover>();
  const queue = [source];
  let unreached = nodes.filter((node) => node !== source);
  for (const from of queue) {
    const still: number[] = [];
    for (const to of unreached) {
      const item = itemFor(from, to);
      if (item < 0) {
        still.push(to);
        continue;
      }
      reachedBy.set(to, { from, to, item });
      if (isTarget(to)) return chainTo(to, reachedBy);
      queue.push(to);
    }
    unreached = still;
  }
  return undefined;
}

function chainTo(target: number, reachedBy: ReadonlyMap<number, Handover>): Handover[] {
  const chain: Handover[] = [];
  let step = reachedBy.get(target);
  while (step !== undefined) {
    chain.unshift(step);
    step = reachedBy.get(step.from);
  }
  return chain;
}
