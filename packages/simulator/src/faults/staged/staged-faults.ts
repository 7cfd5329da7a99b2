import { type Inflict, nothingToUndo, type Undo } from '../fault.js';
import { Stage } from './stage.js';

type StagedFault =
  | 'staged-full-majority'
  | 'staged-missed-writes'
  | 'staged-unsynced-reads'
  | 'staged-suspect'
  | 'staged-rebuild'
  | 'staged-late-answer'
  | 'staged-expiry';

/** Undefined = the cast or the moment does not allow it. */
type Play = (stage: Stage) => Undo | undefined | Promise<Undo | undefined>;

/** For which rule of docs/PROTOCOL.md each is staged stands with it. */
export const stagedFaults: Record<StagedFault, Inflict> = {
  /** Rule 8: writes reach one replica only, and can be read but not written back for a while. */
  'staged-full-majority': staged((stage) => {
    for (const machine of stage.cast.slice(1, 3)) stage.fill(machine);
    stage.rally(stage.between(100, 400));
    return stage.end;
  }),
  /** Anti-entropy: one replica misses what is written and deleted, and nobody reads it afterwards. */
  'staged-missed-writes': staged((stage) => {
    stage.fill(stage.cast[0]!);
    stage.rally(stage.between(50, 200));
    return stage.end;
  }),
  'staged-unsynced-reads': staged(readUnsynced),
  'staged-suspect': staged(meetSuspect),
  'staged-rebuild': staged(interruptRebuild),
  'staged-late-answer': staged(answerLate),
  /** Rule 16: what was just written expires while clocks that differ look at it, and nothing else tells them the time. */
  'staged-expiry': staged(async (stage) => {
    stage.rally(30, { only: 'put', paceMs: 10 });
    await stage.sleep(30);
    stage.rally(stage.between(150, 350), { only: 'get', paceMs: 20 });
    return stage.end;
  }),
};

function staged(play: Play): Inflict {
  return (fault, surroundings) => play(new Stage(fault, surroundings));
}

const outageMs = 1_500;

/** Rule 7: all disks hang while clients write and read; then the power is gone, and with it what was not synced. */
async function readUnsynced(stage: Stage): Promise<Undo | undefined> {
  const hangMs = stage.between(40, 300);
  const { machines } = stage;
  if (!machines.every(({ syncsFirst }) => syncsFirst)) return undefined;
  for (const { disk } of machines) disk.trouble.stalledSyncsUntilMs = stage.nowMs + hangMs;
  stage.rally(hangMs);
  await stage.sleep(hangMs * 0.95);
  for (const machine of machines) {
    machine.holdDown();
    await machine.powerLoss({ keptShare: 0 });
  }
  for (const { disk } of machines) disk.trouble.stalledSyncsUntilMs = 0;
  // Whoever was writing gives up: a retry would write again what was lost, and nobody would miss it.
  await stage.sleep(outageMs);
  for (const machine of machines) machine.start();
  await stage.until(() => machines.every(({ isServing }) => isServing), 2_000);
  stage.rally(200, { only: 'get' });
  return nothingToUndo;
}

/**
 * Rule 14: a write misses one replica, another that has it is out of reach, and the third loses its disk. What the two
 * that are left say together is wrong; and the one that lost its disk must not take part in saying it.
 */
async function meetSuspect(stage: Stage): Promise<Undo | undefined> {
  const [loser, full, away] = stage.cast;
  if (!stage.mayLoseData(loser!)) return undefined;
  const empty = stage.fill(full!);
  stage.rally(80);
  await stage.sleep(80);
  stage.cut(
    [away!],
    stage.machines.filter((machine) => machine !== away),
  );
  await empty();
  await stage.lose(loser!);
  await stage.until(() => loser!.engine !== undefined, 1_000);
  stage.rally(stage.between(200, 500));
  return stage.end;
}

/**
 * Rule 14: the same, and the owner that has what the other one missed answers the rebuild slowly and then not at all. In
 * some plays the process that is rebuilt is killed before it is done, and must not have forgotten that it is suspect.
 */
async function interruptRebuild(stage: Stage): Promise<Undo | undefined> {
  const [loser, full, away] = stage.cast;
  if (!stage.mayLoseData(loser!)) return undefined;
  const empty = stage.fill(full!);
  stage.rally(80);
  await stage.sleep(80);
  stage.slow(away!, loser!, stage.between(100, 300));
  await empty();
  await stage.lose(loser!);
  await stage.until(() => loser!.isServing, 4_000);
  stage.cut(
    [away!],
    stage.machines.filter((machine) => machine !== away),
  );
  if ((loser!.engine?.suspectPartitions.size ?? 0) > 0) {
    await stage.restart(loser!);
    await stage.until(() => loser!.isServing, 1_000);
  }
  stage.rally(stage.between(200, 500));
  return stage.end;
}

/**
 * Rule 15: one replica acknowledges a write and loses its disk; it is rebuilt from the others, to whom the write is still
 * on its way. When one of them acknowledges too, the first acknowledgement must not count any more.
 */
async function answerLate(stage: Stage): Promise<Undo | undefined> {
  const [loser, coordinator, late, never] = stage.cast;
  if (never === undefined || !stage.mayLoseData(loser!)) return undefined;
  const lateMs = stage.between(250, 900);
  stage.cut([coordinator!], [never]);
  stage.slow(coordinator!, late!, lateMs);
  stage.rally(60, { only: 'put', at: coordinator! });
  await stage.sleep(60);
  await stage.lose(loser!);
  await stage.sleep(lateMs);
  return stage.end;
}
