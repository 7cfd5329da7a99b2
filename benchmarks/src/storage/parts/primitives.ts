import { createKeys, type Keys } from '../keys.js';
import { collectGarbage, residentBytes } from '../memory.js';
import { createIndexes, createValues } from '../random.js';
import { createPipeline } from '../pipeline.js';
import { groupSize, groupsUnderWay } from '../settings.js';
import { startStopwatch } from '../stopwatch.js';
import { openSystem } from '../systems/open-system.js';
import type { Key, System } from '../systems/system.js';
import type { Figures, Task } from '../task.js';

/**
 * Load: every key once, in random order. Then as many reads, and as many overwrites, of keys drawn at random. A slow system
 * is stopped after the time of a phase, once all keys are loaded.
 */
export async function measurePrimitives(task: Task): Promise<Figures> {
  const { keyCount: count, valueBytes, seed } = task;
  const keys = createKeys(task.keys, { count, groupSize });
  const values = createValues(groupSize, valueBytes);
  const order = shuffled(count, seed);
  collectGarbage();
  const residentBefore = residentBytes();
  const system = await openSystem(task.system, task);

  const load = await timed({ ...task, seconds: Infinity }, (from, length) =>
    system.write(...group(keys, order.subarray(from, from + length), values)),
  );
  collectGarbage();
  const memory = overheadOf(system, { count, residentBefore, payloadBytes: 14 + valueBytes });
  const next = createIndexes(seed, count);
  const numbers = new Uint32Array(groupSize);
  const drawn = (length: number): Uint32Array => {
    for (let index = 0; index < length; index += 1) numbers[index] = next();
    return numbers.subarray(0, length);
  };
  let sum = 0;
  const timedReads = (read: (keys: readonly Key[]) => Promise<number> | number): Promise<number> =>
    timed(task, (_, length) => {
      const part = read(keys.group(drawn(length)));
      if (typeof part !== 'number') return part.then((later) => (sum += later));
      sum += part;
      return undefined;
    });
  const get = await timedReads((group) => system.read(group));
  const getGroup = await timedReads((group) => system.readGroup?.(group) ?? system.read(group));
  const getCopy =
    system.readCopies === undefined
      ? NaN
      : await timed(task, (_, length) => {
          sum += system.readCopies!(keys.group(drawn(length)));
          return undefined;
        });
  const overwrite = await timed(task, (_, length) => system.write(...group(keys, drawn(length), values)));
  await system.close();
  if (Number.isNaN(sum)) throw new Error('a value was missing');
  return {
    ...{ loadPerSecond: load, overwritePerSecond: overwrite },
    ...{ getPerSecond: get, getGroupPerSecond: getGroup, getCopyPerSecond: getCopy },
    ...memory,
  };
}

function group(
  keys: Keys,
  numbers: Uint32Array,
  values: readonly Buffer[],
): [readonly Key[], readonly Buffer[]] {
  return [keys.group(numbers), values];
}

/** Operations per second, group after group until the count or the time is reached. */
async function timed(
  { keyCount: count, seconds, time }: Pick<Task, 'keyCount' | 'seconds' | 'time'>,
  operate: (from: number, length: number) => Promise<unknown> | undefined,
): Promise<number> {
  const pipeline = createPipeline(groupsUnderWay);
  const elapsed = startStopwatch(time);
  const endMs = performance.now() + seconds * 1000;
  let done = 0;
  while (done < count) {
    const length = Math.min(groupSize, count - done);
    await pipeline.add(operate(done, length));
    done += length;
    if (performance.now() > endMs) break;
  }
  await pipeline.drained();
  return done / elapsed();
}

function overheadOf(
  system: System,
  { count, residentBefore, payloadBytes }: { count: number; residentBefore: number; payloadBytes: number },
): Figures {
  const perKey = (bytes: number): number => bytes / count - payloadBytes;
  const accounted = system.accounted?.();
  return {
    residentOverheadBytes: perKey(residentBytes() - residentBefore),
    ...(accounted === undefined ? {} : { accountedOverheadBytes: perKey(accounted.memoryBytes) }),
  };
}

function shuffled(count: number, seed: number): Uint32Array {
  const order = Uint32Array.from({ length: count }, (_, index) => index);
  const next = createIndexes(seed, 2 ** 32);
  for (let index = count - 1; index > 0; index -= 1) {
    const other = next() % (index + 1);
    [order[index], order[other]] = [order[other]!, order[index]!];
  }
  return order;
}
