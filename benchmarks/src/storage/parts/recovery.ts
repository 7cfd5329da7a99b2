import { createKeys } from '../keys.js';
import { createPipeline } from '../pipeline.js';
import { createValues } from '../random.js';
import { runInProcess } from '../run-in-process.js';
import { groupSize, groupsUnderWay } from '../settings.js';
import { startStopwatch } from '../stopwatch.js';
import { openSystem } from '../systems/open-system.js';
import type { Figures, Task } from '../task.js';

/** How long opening takes, of what another process left. The files are in the system's cache. */
export async function measureRecovery(task: Task): Promise<Figures> {
  await runInProcess({ ...task, part: 'fill' });
  const elapsed = startStopwatch(task.time);
  const system = await openSystem(task.system, task);
  const seconds = elapsed();
  const sum = await system.read([
    createKeys(task.keys, { count: task.keyCount, groupSize }).one(task.keyCount - 1),
  ]);
  await system.close();
  if (Number.isNaN(sum)) throw new Error('the last record is missing');
  return {
    seconds,
    recordsPerSecond: task.keyCount / seconds,
    megabytesPerSecond: (task.keyCount * (14 + task.valueBytes)) / 1e6 / seconds,
  };
}

/** Leaves every key in the directory: in the log, or with `snapshot` in a snapshot. */
export async function fill(task: Task): Promise<Figures> {
  const keys = createKeys(task.keys, { count: task.keyCount, groupSize });
  const values = createValues(groupSize, task.valueBytes);
  const system = await openSystem(task.system, task);
  const pipeline = createPipeline(groupsUnderWay);
  for (let from = 0; from < task.keyCount; from += groupSize) {
    const length = Math.min(groupSize, task.keyCount - from);
    const numbers = Uint32Array.from({ length }, (_, index) => from + index);
    await pipeline.add(system.write(keys.group(numbers), values));
  }
  await pipeline.drained();
  if (task.snapshot === true) await system.single?.snapshot();
  await system.close();
  return {};
}
