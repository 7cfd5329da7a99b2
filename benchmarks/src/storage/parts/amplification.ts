import { readFile } from 'node:fs/promises';

import { createKeys } from '../keys.js';
import { createPipeline } from '../pipeline.js';
import { createIndexes, createValues } from '../random.js';
import { groupSize, groupsUnderWay, stressOperationsPerKey } from '../settings.js';
import { openSystem } from '../systems/open-system.js';
import type { Figures, Task } from '../task.js';
import { fill } from './recovery.js';

/**
 * Bytes that the process sent to the disk for each byte of key and value, while keys drawn at random are overwritten, with
 * everything that follows from it (compaction, snapshots) until the store is closed. Linux only; NaN elsewhere.
 */
export async function measureAmplification(task: Task): Promise<Figures> {
  await fill(task);
  const keys = createKeys(task.keys, { count: task.keyCount, groupSize });
  const values = createValues(groupSize, task.valueBytes);
  const next = createIndexes(task.seed, task.keyCount);
  const numbers = new Uint32Array(groupSize);
  const system = await openSystem(task.system, task);
  const pipeline = createPipeline(groupsUnderWay);
  const before = await bytesSentToDisk();
  const endMs = performance.now() + task.seconds * 1000;
  let written = 0;
  while (written < task.keyCount * stressOperationsPerKey && performance.now() < endMs) {
    for (let index = 0; index < numbers.length; index += 1) numbers[index] = next();
    await pipeline.add(system.write(keys.group(numbers), values));
    written += groupSize;
  }
  await pipeline.drained();
  await system.close();
  const sent = (await bytesSentToDisk()) - before;
  return { writeAmplification: sent / (written * (14 + task.valueBytes)), overwrites: written };
}

async function bytesSentToDisk(): Promise<number> {
  const text = await readFile('/proc/self/io', 'utf8').catch(() => '');
  const [, bytes] = /^write_bytes: (\d+)$/m.exec(text) ?? [];
  return bytes === undefined ? NaN : Number(bytes);
}
