import { createSeededRandom, type SeededRandom } from '@kv/testing';

import { drawFaults } from './draw-faults.js';
import { drawOperations } from './draw-operations.js';
import type { ClientPlan, ClusterPlan, Plan } from './plan.js';

export interface DrawOptions {
  /** Fixes what is drawn otherwise. */
  readonly nodes?: number | undefined;
  /** Planned operations, 1,000 or so by default. */
  readonly operations?: number | undefined;
}

const safetyMs = 36_000;

/** Everything that a seed stands for. */
export function drawPlan(seed: number, options: DrawOptions = {}): Plan {
  const random = createSeededRandom(seed * 1_000);
  const cluster = drawCluster(random, options);
  const clients = drawClients(random);
  const operations = drawOperations(random, { clients, safetyMs, count: options.operations ?? 1_050 });
  const faults = drawFaults(random, { safetyMs, clusterNodes: cluster.nodes });
  return { seed, cluster, clients, operations, faults, safetyMs };
}

/** Three nodes most of the time: there every partition has the same owners, and most can go wrong. */
function drawNodes(random: SeededRandom): number {
  const draw = random.float();
  if (draw < 0.6) return 3;
  if (draw < 0.7) return 4;
  if (draw < 0.92) return 5;
  return 6 + random.below(4);
}

function drawCluster(random: SeededRandom, options: DrawOptions): ClusterPlan {
  const drawn = drawNodes(random);
  const nodes = options.nodes ?? drawn;
  const each = <Item>(draw: () => Item): Item[] => Array.from({ length: nodes }, draw);
  const isWide = random.float() < 0.15;
  return {
    nodes,
    replicationFactor: nodes >= 5 && random.float() < 0.25 ? 5 : Math.min(3, nodes),
    partitions: 16,
    durability: 'always',
    snapshotIntervalMs: random.float() < 0.7 ? 2_000 + random.below(15_000) : 0,
    requestTimeoutMs: random.pick([1_000, 2_000, 5_000]),
    delayMs: isWide ? 2 + random.float() * 20 : 0.1 + random.float(),
    delayVariesMs: isWide ? random.float() * 10 : random.float() * 0.5,
    skewsMs: each(() => (random.float() - 0.5) * random.pick([10, 100, 240])),
    rates: each(() => 1 + (random.float() - 0.5) * 0.0004),
  };
}

function drawClients(random: SeededRandom): ClientPlan[] {
  return Array.from({ length: 2 + random.below(4) }, () => ({
    // A client's wall clock is nobody's business; it may be hours off.
    skewMs: (random.float() - 0.5) * 7_200_000,
    rate: 1 + (random.float() - 0.5) * 0.002,
    strands: 1 + random.below(3),
  }));
}
