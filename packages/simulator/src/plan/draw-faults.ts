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
  const stagedFaults = drawStaged(random, { safetyMs, profile });
  const count = stagedFaults.length > 0 ? 6 + random.below(8) : 16 + random.below(20);
  const weights = allFaultKinds.map((kind) => faultKinds[kind].weight * faultWeightOf(profile, kind));
  const favoured = Array.from({ length: favouredKinds }, () => drawKind(random, weights));
  const others = Array.from({ length: count }, () => {
    const kind = random.float() < 0.6 ? random.pick(favoured) : drawKind(random, weights);
    return drawFault(random, kind, random.float() * safetyMs * 0.95);
  });
  return [...stagedFaults, ...others]
    .map((fault, id): PlannedFault => ({ id, ...fault }))
    .sort((a, b) => a.atMs - b.atMs);
}

/** Between two that are staged: the cluster has to come to rest, or the second meets what the first left. */
const stagedEveryMs = [3_500, 6_500] as const;

function drawStaged(random: SeededRandom, { safetyMs, profile: { staged = [] } }: FaultsFacts): DrawnFault[] {
  const faults: DrawnFault[] = [];
  if (staged.length === 0) return faults;
  const [least, most] = stagedEveryMs;
  for (let atMs = least; atMs < safetyMs - most; atMs += least + (most - least) * random.float()) {
    faults.push(drawFault(random, random.pick(staged), atMs));
  }
  return faults;
}

type DrawnFault = Omit<PlannedFault, 'id'>;

function drawFault(random: SeededRandom, kind: FaultKind, atMs: number): DrawnFault {
  return {
    kind,
    atMs,
    durationMs: faultKinds[kind].durationMsMax * (0.05 + 0.95 * random.float()),
    target: random.below(1_000),
    other: random.uint32(),
    amount: random.float(),
  };
}

function drawKind(random: SeededRandom, weights: readonly number[]): FaultKind {
  let left = random.float() * weights.reduce((sum, weight) => sum + weight, 0);
  for (const [index, weight] of weights.entries()) {
    left -= weight;
    if (left < 0) return allFaultKinds[index]!;
  }
  return 'process-kill';
}
