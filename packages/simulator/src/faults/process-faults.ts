import { type Inflict, nothingToUndo, targetOf, type Undo } from './fault.js';

type ProcessFault =
  | 'process-kill'
  | 'process-kill-all'
  | 'process-restart'
  | 'process-pause'
  | 'client-pause'
  | 'machine-sleep'
  | 'power-loss'
  | 'power-loss-all'
  | 'power-failing';

export const processFaults: Record<ProcessFault, Inflict> = {
  'process-kill': async (fault, surroundings) => {
    const machine = targetOf(fault, surroundings);
    if (machine.process === undefined) return undefined;
    machine.holdDown();
    await machine.kill();
    return () => machine.start();
  },
  'process-kill-all': async (_fault, { machines }) => {
    for (const machine of machines) {
      machine.holdDown();
      await machine.kill();
    }
    return () => {
      for (const machine of machines) machine.start();
    };
  },
  'process-restart': (fault, surroundings) => {
    const machine = targetOf(fault, surroundings);
    if (machine.node === undefined) return undefined;
    machine.holdDown();
    const stopped = machine.stop();
    return async () => {
      await stopped;
      machine.start();
    };
  },
  'process-pause': (fault, surroundings) => {
    targetOf(fault, surroundings).pause(fault.durationMs);
    return nothingToUndo;
  },
  'client-pause': (fault, { clients, world }) => {
    const client = clients[fault.other % clients.length];
    if (client === undefined) return undefined;
    const { process } = client;
    process.pausedUntilMs = Math.max(process.pausedUntilMs, world.nowMs + fault.durationMs);
    return nothingToUndo;
  },
  /** A virtual machine is suspended: its monotonic clock stands still, its wall clock knows of it afterwards or not. */
  'machine-sleep': (fault, surroundings) => {
    const machine = targetOf(fault, surroundings);
    machine.pause(fault.durationMs);
    machine.clock.suspend();
    return () => machine.clock.resume({ wallKnows: fault.amount < 0.7 });
  },
  'power-loss': async (fault, surroundings) => {
    const machine = targetOf(fault, surroundings);
    if (!machine.syncsFirst) {
      if (!surroundings.mayLoseData(machine)) return undefined;
      machine.becomesDoubtful();
    }
    machine.holdDown();
    await machine.powerLoss({ keptShare: keptShareOf(fault.amount) });
    return () => machine.start();
  },
  'power-loss-all': (fault, surroundings) => powerLossAll(fault, surroundings, keptShareOf(fault.amount)),
  /** All disks of the site hang, and a moment later the power is gone: much was written and nothing of it synced. */
  'power-failing': async (fault, surroundings) => {
    const { machines, world } = surroundings;
    if (!machines.every(({ syncsFirst }) => syncsFirst)) return undefined;
    const hangMs = 50 + fault.amount * 600;
    for (const { disk } of machines) disk.trouble.stalledSyncsUntilMs = world.nowMs + hangMs;
    await world.sleep(hangMs * 0.9);
    for (const { disk } of machines) disk.trouble.stalledSyncsUntilMs = 0;
    return powerLossAll(fault, surroundings, 0);
  },
};

/** Where answers do not wait for the disk, this may lose what was acknowledged: the guarantees do not cover it. */
async function powerLossAll(
  ...[, { machines }, keptShare]: [...Parameters<Inflict>, number]
): Promise<Undo | undefined> {
  if (!machines.every(({ syncsFirst }) => syncsFirst)) return undefined;
  for (const machine of machines) {
    machine.holdDown();
    await machine.powerLoss({ keptShare });
  }
  return () => {
    for (const machine of machines) machine.start();
  };
}

/** Often nothing unsynced survives, sometimes all of it, else each sector by chance: a torn write. */
function keptShareOf(amount: number): number {
  if (amount < 0.4) return 0;
  return amount > 0.9 ? 1 : amount;
}
