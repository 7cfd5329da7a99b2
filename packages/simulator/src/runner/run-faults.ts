import type { FaultKind } from '../faults/fault-kinds.js';
import { type FaultSurroundings, targetOf, type Undo } from '../faults/fault.js';
import { inflict } from '../faults/inflict.js';
import type { SimulatedCluster } from '../machines/simulated-cluster.js';
import type { Plan, PlannedFault } from '../plan/plan.js';
import { labels, type World } from '../world/world.js';
import type { Rallies } from './rallies.js';

export interface FaultsRun extends SimulatedCluster {
  readonly world: World;
  /** Counts those that were inflicted. */
  readonly faultsByKind: Partial<Record<FaultKind, number>>;
  readonly rallies: Rallies;
}

/** Inflicts the faults of a plan in their time, counted from now. `stop` ends all that still last. */
export function runFaults(plan: Plan, run: FaultsRun): { stop(): Promise<void> } {
  const { world, faultsByKind, machines, rallies } = run;
  const surroundings: FaultSurroundings = {
    ...run,
    rally: (forMs, call) => rallies.call(forMs, call),
    mayLoseData: (machine) => machines.every((other) => other === machine || !other.isDoubtful),
  };
  const lasting = new Set<Undo>();
  /** Some take their time to begin. */
  const beginning = new Set<Promise<void>>();
  let isOver = false;
  const note = (fault: PlannedFault, what: string): void => {
    world.trace.text(fault.kind);
    world.trace.line(
      world.nowMs,
      'fault',
      () => `${fault.kind} #${fault.id} ${what} ${JSON.stringify(fault)}`,
    );
  };

  async function begin(fault: PlannedFault): Promise<void> {
    if (isOver) return;
    const undo = await inflict[fault.kind](fault, surroundings);
    if (undo === undefined) {
      note(fault, 'is not possible now');
      return;
    }
    note(fault, 'begins');
    faultsByKind[fault.kind] = (faultsByKind[fault.kind] ?? 0) + 1;
    const end: Undo = async () => {
      if (!lasting.delete(end)) return;
      note(fault, 'ends');
      await undo();
    };
    lasting.add(end);
    world.after(fault.durationMs, { label: labels.fault }, () => void end());
  }

  for (const fault of plan.faults) {
    if (fault.kind === 'disk-restored') {
      const machine = targetOf(fault, surroundings);
      world.after(fault.atMs * fault.amount, { label: labels.fault }, () => machine.backUp());
    }
    world.after(fault.atMs, { label: labels.fault }, () => {
      const begun = begin(fault).finally(() => beginning.delete(begun));
      beginning.add(begun);
    });
  }
  return {
    stop: async () => {
      isOver = true;
      await Promise.all(beginning);
      for (const end of [...lasting]) await end();
      for (const machine of machines) {
        machine.clock.synchronise();
        machine.start();
      }
    },
  };
}
