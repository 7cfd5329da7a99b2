import { createKeys, type Keys } from '../keys.js';
import { createPipeline, type Pipeline } from '../pipeline.js';
import { createIndexes, createValues } from '../random.js';
import {
  groupSize,
  groupsUnderWay,
  longWindows,
  mixedKeyCount,
  stressOperationsPerKey,
} from '../settings.js';
import { startStopwatch } from '../stopwatch.js';
import { openSystem } from '../systems/open-system.js';
import type { Key, SingleOperations, System } from '../systems/system.js';
import type { Figures, Task } from '../task.js';

/** A third each put, get and delete, over few keys. */
export async function measureMixed(task: Task): Promise<Figures> {
  const load = await openLoad(task, mixedKeyCount);
  const elapsed = startStopwatch(task.time);
  const endMs = performance.now() + task.seconds * 1000;
  let operations = 0;
  while (performance.now() < endMs) {
    await load.pipeline.add(mixedGroup(load));
    operations += groupSize;
  }
  await load.pipeline.drained();
  const operationsPerSecond = operations / elapsed();
  await load.system.close();
  return { operationsPerSecond };
}

/** The same for long, each operation timed: what comes from time to time shows in the largest. */
export async function measureLong(task: Task): Promise<Figures> {
  const load = await openLoad(task, mixedKeyCount);
  const figures: Record<string, number> = {};
  const windowMs = (task.seconds * 1000) / longWindows;
  const began = performance.now();
  for (let window = 1; window <= longWindows; window += 1) {
    const windowBegan = performance.now();
    const times = { totalMs: 0, maxMs: 0, count: 0 };
    while (performance.now() - began < window * windowMs) {
      const work = mixedGroup(load, (ms) => {
        times.totalMs += ms;
        times.count += 1;
        if (ms > times.maxMs) times.maxMs = ms;
      });
      await load.pipeline.add(work);
    }
    figures[`window${window}PerSecond`] = times.count / ((performance.now() - windowBegan) / 1000);
    figures[`window${window}MeanUs`] = (times.totalMs / times.count) * 1000;
    figures[`window${window}MaxUs`] = times.maxMs * 1000;
  }
  await load.pipeline.drained();
  await load.system.close();
  return figures;
}

/** Half puts and half gets of keys drawn at random, each timed. */
export async function measureStress(task: Task): Promise<Figures> {
  const load = await openLoad(task, task.keyCount);
  const operations = task.keyCount * stressOperationsPerKey;
  const puts = new Float64Array(operations);
  const gets = new Float64Array(operations);
  let [putCount, getCount] = [0, 0];
  const elapsed = startStopwatch(task.time);
  for (let done = 0; done < operations; done += groupSize) {
    const { single, next, values } = load;
    const keys = drawnKeys(load);
    let last: Promise<unknown> | undefined;
    for (const key of keys) {
      const isPut = next() % 2 === 0;
      const startedMs = performance.now();
      if (isPut) last = single.put(key, values[putCount % values.length]!) ?? last;
      else single.get(key);
      const tookMs = performance.now() - startedMs;
      if (isPut) puts[putCount++] = tookMs;
      else gets[getCount++] = tookMs;
    }
    await load.pipeline.add(last);
  }
  await load.pipeline.drained();
  const operationsPerSecond = operations / elapsed();
  await load.system.close();
  return {
    operationsPerSecond,
    ...percentilesUs('put', puts.subarray(0, putCount)),
    ...percentilesUs('get', gets.subarray(0, getCount)),
  };
}

interface Load {
  readonly system: System;
  readonly single: SingleOperations;
  readonly keys: Keys;
  readonly numbers: Uint32Array;
  readonly values: readonly Buffer[];
  readonly next: () => number;
  readonly pipeline: Pipeline;
}

async function openLoad(task: Task, keyCount: number): Promise<Load> {
  const system = await openSystem(task.system, task);
  if (system.single === undefined) throw new Error(`${task.system} has no single synchronous operations`);
  return {
    system,
    single: system.single,
    keys: createKeys(task.keys, { count: keyCount, groupSize }),
    numbers: new Uint32Array(groupSize),
    values: createValues(groupSize, task.valueBytes),
    next: createIndexes(task.seed, keyCount),
    pipeline: createPipeline(groupsUnderWay),
  };
}

function drawnKeys({ keys, numbers, next }: Load): readonly Key[] {
  for (let index = 0; index < numbers.length; index += 1) numbers[index] = next();
  return keys.group(numbers);
}

/** Gives the promise of the group's last write. */
function mixedGroup(load: Load, took?: (ms: number) => void): Promise<unknown> | undefined {
  const { single, values, next } = load;
  const keys = drawnKeys(load);
  let last: Promise<unknown> | undefined;
  let startedMs = took === undefined ? 0 : performance.now();
  for (let index = 0; index < keys.length; index += 1) {
    const key = keys[index]!;
    switch (next() % 3) {
      case 0:
        last = single.put(key, values[index]!) ?? last;
        break;
      case 1:
        single.get(key);
        break;
      default:
        last = single.delete(key) ?? last;
    }
    if (took === undefined) continue;
    const endedMs = performance.now();
    took(endedMs - startedMs);
    startedMs = endedMs;
  }
  return last;
}

function percentilesUs(name: string, timesMs: Float64Array): Figures {
  timesMs.sort();
  const at = (share: number): number =>
    timesMs[Math.min(timesMs.length - 1, Math.floor(timesMs.length * share))]! * 1000;
  return {
    [`${name}P50Us`]: at(0.5),
    [`${name}P95Us`]: at(0.95),
    [`${name}P99Us`]: at(0.99),
    [`${name}MaxUs`]: at(1),
  };
}
