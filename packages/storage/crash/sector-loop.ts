import {
  createMemoryFileSystem,
  createSeededRandom,
  type FileSystemShape,
  type MemoryFileSystem,
  type SeededRandom,
} from '@kv/testing';

import { changing, choicesOf, leavesHoleInLog } from './choices.js';
import { CrashImages } from './crash-images.js';
import { allPartitions } from './engine-ports.js';
import type { Job, Loop, Tally } from './loop.js';
import { Recoveries } from './recoveries.js';
import { Workload, type WorkloadShape } from './workload.js';

/** Choices among the unsynced changes, after one operation. */
const choicesMax = 384;

export const sectorLoop: Loop = {
  name: 'sectors',
  title: 'crashes after every file operation, with subsets of what was not synced',
  counts: 'states',
  minimum: 1_000_000,
  jobs: Infinity,
  secondsMax: 600,
  run: (job) => runSectorJob(job),
};

export interface SectorJobOptions {
  /** For showing that a broken engine, or disk, is caught. */
  readonly wrap?: (fileSystem: MemoryFileSystem) => FileSystemShape;
}

export async function runSectorJob({ seed, index }: Job, options: SectorJobOptions = {}): Promise<Tally> {
  const random = createSeededRandom((seed * 1_000_003 + index) >>> 0);
  const images = new CrashImages();
  const fileSystem = createMemoryFileSystem({ listOperations: false });
  const workload = new Workload(options.wrap?.(fileSystem) ?? fileSystem, shapeOf(index, random), random);
  let operations = 0;
  fileSystem.afterOperation = (operation, now) => {
    operations += 1;
    workload.afterOperation(operation);
    const point = now.crashPoint();
    const max = changing.has(operation.kind) ? choicesMax : 2;
    const loses = workload.shape.durability !== 'always';
    const machine = workload.requirement('machine');
    for (const choice of choicesOf(point.unsynced, { max, random })) {
      const holed = leavesHoleInLog(point.unsynced, choice);
      const required = holed ? { ...machine, maySuspect: allPartitions } : machine;
      images.add(now, { point, choice, at: operations, bootId: loses ? 'second boot' : '' }, required);
    }
    if (!loses) return;
    const everything = point.unsynced.map(({ versions }) => versions);
    images.add(
      now,
      { point, choice: everything, at: operations, bootId: '' },
      workload.requirement('process'),
    );
  };
  await workload.run();
  fileSystem.afterOperation = undefined;
  const recovery = new Recoveries(workload.history, workload.shape, random);
  const distinct = images.distinct;
  for (const image of images.drain()) await recovery.recover(image);
  return {
    states: images.states + recovery.statesInRecovery,
    operations,
    batches: workload.history.count,
    cleanings: workload.cleanings,
    'distinct images': distinct + recovery.distinctInRecovery,
    recoveries: recovery.count,
    'with suspects': recovery.withSuspects,
    'crashed recoveries': recovery.crashed,
  };
}

function shapeOf(index: number, random: SeededRandom): WorkloadShape {
  const durability = index % 5 === 3 ? 'interval' : index % 10 === 7 ? 'os' : 'always';
  return {
    durability,
    durabilityIntervalMs: 1_000,
    retainTombstones: index % 4 !== 2,
    keys: 4 + Math.floor(random.float() * 12),
    valueBytesMax: index % 3 === 0 ? 40 : 500,
    longInputs: index % 3 === 2,
    openings: 2 + (index % 3),
    steps: 14 + Math.floor(random.float() * 14),
  };
}
