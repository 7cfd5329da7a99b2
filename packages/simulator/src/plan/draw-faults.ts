import type { SeededRandom } from '@kv/testing';

import { allFaultKinds, type FaultKind, faultKinds } from '../faults/fault-kinds.js';
import type { PlannedFault } from './plan.js';

export interface FaultsFacts {
  readonly safetyMs: number;
  readonly clusterNodes: number;
}

/** Kinds that a plan favours, so that runs differ: trouble of one sort all the time finds what a mix hides. */
const favouredKinds = 5;

export function drawFaults(random: SeededRandom, { safetyMs }: FaultsFacts): PlannedFault[] {
  const count = 14 + random.below(16);
  const favoured = Array.from({ length: favouredKinds }, () => drawKind(random));
  return Array.from({ length: count }, (_, id): PlannedFault => {
    const kind = random.float() < 0.6 ? random.pick(favoured) : drawKind(random);
    const { durationMsMax } = faultKinds[kind];
    return {
      id,
      kind,
      atMs: random.float() * safetyMs * 0.92,
      durationMs: durationMsMax * (0.05 + 0.95 * random.float()),
      target: random.below(1_000),
      other: random.uint32(),
      amount: random.float(),
    };
  }).sort((a, b) => a.atMs - b.atMs);
}

function drawKind(random: SeededRandom): FaultKind {
  let left = random.float() * totalWeight;
  for (const kind of allFaultKinds) {
    left -= faultKinds[kind].weight;
    if (left < 0) return kind;
  }
  return 'process-kill';
}

const totalWeight = allFaultKinds.reduce((sum, kind) => sum + faultKinds[kind].weight, 0);
