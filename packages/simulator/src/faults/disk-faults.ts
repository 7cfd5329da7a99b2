import type { Machine } from '../machines/machine.js';
import type { PlannedFault } from '../plan/plan.js';
import { type FaultSurroundings, type Inflict, targetOf } from './fault.js';

type DiskFault =
  | 'disk-slow'
  | 'disk-stall'
  | 'disk-full'
  | 'disk-sync-error'
  | 'disk-write-error'
  | 'disk-rot'
  | 'disk-wiped'
  | 'disk-restored';

export const diskFaults: Record<DiskFault, Inflict> = {
  'disk-slow': (fault, surroundings) => {
    const { trouble } = targetOf(fault, surroundings).disk;
    const factor = 10 + fault.amount * 200;
    trouble.slowFactor *= factor;
    return () => {
      trouble.slowFactor = Math.max(1, trouble.slowFactor / factor);
    };
  },
  'disk-stall': (fault, surroundings) => {
    const { trouble } = targetOf(fault, surroundings).disk;
    trouble.stalledUntilMs = surroundings.world.nowMs + fault.durationMs;
    return () => {
      trouble.stalledUntilMs = 0;
    };
  },
  'disk-full': (fault, surroundings) => {
    const { disk } = targetOf(fault, surroundings);
    disk.limit(Math.floor(fault.amount * 2_000));
    return () => disk.limit(Infinity);
  },
  'disk-sync-error': (fault, surroundings) => fail(fault, surroundings, 'sync'),
  'disk-write-error': (fault, surroundings) => fail(fault, surroundings, 'write'),
  /** Found when the file is read next: at the start that follows. */
  'disk-rot': (fault, surroundings) =>
    lose(fault, surroundings, (machine) => {
      const bits = 1 + Math.floor(fault.amount * 4);
      for (let count = 0; count < bits; count += 1) machine.disk.rot((path) => path.includes('/store/'));
    }),
  'disk-wiped': (fault, surroundings) => lose(fault, surroundings, (machine) => machine.disk.wipe()),
  /** Of what the disk held a while ago; what it acknowledged since is gone. */
  'disk-restored': (fault, surroundings) => {
    const machine = targetOf(fault, surroundings);
    const { backup, rememberedAfterMs } = machine;
    const { nowMs } = surroundings.world;
    if (backup === undefined || nowMs - backup.madeAtMs < rememberedAfterMs) return undefined;
    return lose(fault, surroundings, () => machine.disk.restore(backup.files));
  },
};

function fail(fault: PlannedFault, surroundings: FaultSurroundings, kind: 'sync' | 'write') {
  const { failing } = targetOf(fault, surroundings).disk.trouble;
  failing.set(kind, 'EIO');
  return () => void failing.delete(kind);
}

async function lose(
  fault: PlannedFault,
  surroundings: FaultSurroundings,
  damage: (machine: Machine) => void,
) {
  const machine = targetOf(fault, surroundings);
  if (!surroundings.mayLoseData(machine)) return undefined;
  machine.becomesDoubtful();
  machine.holdDown();
  await machine.kill();
  damage(machine);
  return () => machine.start();
}
