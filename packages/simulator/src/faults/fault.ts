import type { SeededRandom } from '@kv/testing';

import type { SimulatedClient } from '../history/simulated-client.js';
import type { Machine } from '../machines/machine.js';
import type { Network } from '../network/network.js';
import type { PlannedFault } from '../plan/plan.js';
import type { RallyCall } from '../runner/rallies.js';
import type { World } from '../world/world.js';

/** What faults can reach. */
export interface FaultSurroundings {
  readonly world: World;
  readonly network: Network;
  readonly random: SeededRandom;
  readonly machines: readonly Machine[];
  readonly clients: readonly SimulatedClient[];
  /**
   * Whether this machine's disk may lose data now. The guarantees cover the loss of N - W disks of a partition; as every
   * partition may have its owners anywhere, one doubtful replica in the whole cluster is what is sure to be within them. A
   * loss in a moment at which another one is not rebuilt yet is not inflicted.
   */
  mayLoseData(machine: Machine): boolean;
  /** Clients hurry for so long. */
  rally(forMs: number, call?: RallyCall): void;
}

/** Ends a fault. */
export type Undo = () => void | Promise<void>;

/** Begins a fault; undefined = it could not be inflicted now, and does not count. */
export type Inflict = (
  fault: PlannedFault,
  surroundings: FaultSurroundings,
) => Undo | undefined | Promise<Undo | undefined>;

export const nothingToUndo: Undo = () => undefined;

export function targetOf(fault: PlannedFault, { machines }: FaultSurroundings): Machine {
  return machines[fault.target % machines.length]!;
}

/** Another machine than the target. */
export function otherOf(fault: PlannedFault, { machines }: FaultSurroundings): Machine {
  const target = fault.target % machines.length;
  return machines[(target + 1 + (fault.other % (machines.length - 1))) % machines.length]!;
}
