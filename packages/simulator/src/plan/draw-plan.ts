import { createSeededRandom, type SeededRandom } from '@kv/testing';

import { drawFaults } from './draw-faults.js';
import { drawOperations } from './draw-operations.js';
import type { ClientPlan, ClusterPlan, Plan } from './plan.js';
import { type Profile, profileNames, type ProfileName, profiles } from './profiles.js';

/** Fixes what a seed decides otherwise. */
export interface DrawOptions {
  readonly nodes?: number | undefined;
  readonly profile?: ProfileName | undefined;
}

const safetyMs = 64_000;
const operationsPerRun = 1_300;

/** What the run of a seed leans to. */
export function profileOf(seed: number): ProfileName {
  return drawProfile(createSeededRandom(seed * 1_000));
}

/** The first thing that is drawn. */
function drawProfile(random: SeededRandom): ProfileName {
  return random.pick(profileNames);
}

/** Everything that a seed stands for. */
export function drawPlan(seed: number, options: DrawOptions = {}): Plan {
  const random = createSeededRandom(seed * 1_000);
  const drawn = drawProfile(random);
  const profileName = options.profile ?? drawn;
  const profile: Profile = profiles[profileName];
  const cluster = drawCluster(random, profile, options);
  const clients = drawClients(random, profile, cluster);
  const operations = drawOperations(random, { clients, safetyMs, count: operationsPerRun, profile });
  const faults = drawFaults(random, { safetyMs, profile });
  return { seed, profile: profileName, cluster, clients, operations, faults, safetyMs };
}

/** Three nodes most of the time: there every partition has the same owners, and most can go wrong. */
function drawNodes(random: SeededRandom): number {
  const draw = random.float();
  if (draw < 0.65) return 3;
  if (draw < 0.73) return 4;
  if (draw < 0.94) return 5;
  return 6 + random.below(4);
}

function drawCluster(random: SeededRandom, profile: Profile, options: DrawOptions): ClusterPlan {
  const drawn = profile.nodes === undefined ? drawNodes(random) : random.pick(profile.nodes);
  const nodes = options.nodes ?? drawn;
  const each = <Item>(draw: () => Item): Item[] => Array.from({ length: nodes }, draw);
  const isWide = random.float() < 0.15;
  const skewsMs = profile.hasWideSkews === true ? [100, 240, 240] : [10, 100, 240];
  return {
    nodes,
    replicationFactor: nodes >= 5 && random.float() < 0.25 ? 5 : Math.min(3, nodes),
    partitions: 16,
    durability: random.pick(profile.durabilities ?? ['always']),
    snapshotIntervalMs: random.float() < 0.7 ? 2_000 + random.below(15_000) : 0,
    requestTimeoutMs: random.pick([1_000, 2_000, 5_000]),
    delayMs: isWide ? 2 + random.float() * 20 : 0.1 + random.float(),
    delayVariesMs: isWide ? random.float() * 10 : random.float() * 0.5,
    skewsMs: each(() => (random.float() - 0.5) * random.pick(skewsMs)),
    rates: each(() => 1 + (random.float() - 0.5) * 0.0004),
  };
}

function drawClients(
  random: SeededRandom,
  { isBound, strandsLeast = 1 }: Profile,
  { nodes }: ClusterPlan,
): ClientPlan[] {
  const count = isBound === true ? Math.min(5, nodes) + random.below(3) : 2 + random.below(4);
  return Array.from({ length: count }, (_, index) => ({
    // A client's wall clock is nobody's business; it may be hours off.
    skewMs: (random.float() - 0.5) * 7_200_000,
    rate: 1 + (random.float() - 0.5) * 0.002,
    strands: strandsLeast + random.below(3),
    endpoint: isBound === true ? index % nodes : undefined,
  }));
}
