import { createKeys } from '../keys.js';
import { createIndexes, createValues } from '../random.js';
import { groupSize, writerCount } from '../settings.js';
import { startStopwatch } from '../stopwatch.js';
import { openSystem } from '../systems/open-system.js';
import type { Figures, Task } from '../task.js';

/** Writers that each start their next write when their last one was acknowledged. */
export async function measureWriters(task: Task): Promise<Figures> {
  const { keyCount: count, valueBytes, seed, seconds } = task;
  const keys = createKeys(task.keys, { count, groupSize });
  const values = createValues(groupSize, valueBytes);
  const next = createIndexes(seed, count);
  const system = await openSystem(task.system, task);
  const writeUntil = async (endMs: number): Promise<number> => {
    let written = 0;
    const writer = async (): Promise<void> => {
      while (performance.now() < endMs) {
        await system.put(keys.one(next()), values[next() % values.length]!);
        written += 1;
      }
    };
    await Promise.all(Array.from({ length: writerCount }, writer));
    return written;
  };
  await writeUntil(performance.now() + 200);
  const elapsed = startStopwatch(task.time);
  const written = await writeUntil(performance.now() + seconds * 1000);
  const writesPerSecond = written / elapsed();
  await system.close();
  return { writesPerSecond };
}
