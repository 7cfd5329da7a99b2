import type { SeededRandom } from '@kv/testing';

import { allFaultKinds, type FaultKind, faultKinds } from '../faults/fault-kinds.js';
import type { PlannedFault } from './plan.js';
import { faultWeightOf, type Profile } from './profiles.js';

export interface FaultsFacts {
  readonly safetyMs: number;
  readonly profile: Profile;
}

/** Kinds that a plan favours, so that runs differ: trouble of one sort all the time finds what a mix hides. */
const favouredKinds = 5;

export function drawFaults(random: SeededRandom, { safetyMs, profile }: FaultsFacts): PlannedFault[] {
  const count = 16 + random.below(20);
  const weights = allFaultKinds.map((kind) => faultKinds[kind].weight * faultWeightOf(profile, kind));
  const favoured = Array.from({ length: favouredKinds }, () => drawKind(random, weights));
  return Array.from({ length: count }, (_, id): PlannedFault => {
    const kind = random.float() < 0.6 ? random.pick(favoured) : drawKind(random, weights);
    const { durationMsMax } = faultKinds[kind];
    return {
      id,
      kind,
      atMs: random.float() * safetyMs * 0.95,
      durationMs: durationMsMax * (0.05 + 0.95 * random.float()),
      target: random.below(1_000),
      other: random.uint32(),
      amount: random.float(),
    };
  }).sort((a, b) => a.atMs - b.atMs);
}

function drawKind(random: SeededRandom, weights: readonly number[]): FaultKind {
  let left = random.float() * weights.reduce((sum, weight) => sum + weight, 0);
  for (const [index, weight] of weights.entries()) {
    left -= weight;
    if (left < 0) return allFaultKinds[index]!;
  }
  return 'process-kill';
}
