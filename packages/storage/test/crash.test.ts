import { describe, expect, it, jest } from '@jest/globals';
import { createMemoryFileSystem, createSeededRandom, type MemoryFileSystem } from '@kv/testing';

import type { StorageEngine } from '../src/engine/engine.js';
import type { EngineOptions } from '../src/options.js';
import { openOn, read, recordOf, store, storeDurably } from './engine-harness.js';

// Many small cases: on a busy machine they take longer than the default allows.
jest.setTimeout(60_000);

type Acknowledged = Map<string, { order: number; value: string | undefined }>;

/** What was acknowledged, and at which operation: looked at from inside, at the moment of each crash. */
interface Workload {
  readonly acknowledged: Acknowledged;
  readonly attempted: Map<string, (string | undefined)[]>;
  order: number;
}

const newWorkload = (): Workload => ({ acknowledged: new Map(), attempted: new Map(), order: 0 });

/** Three openings, puts, deletes, atomic batches, snapshots with writes beside them. */
async function run(
  fileSystem: MemoryFileSystem,
  workload: Workload,
  options: Partial<EngineOptions>,
): Promise<void> {
  for (let round = 0; round < 3; round += 1) {
    const { engine } = await openOn(fileSystem, options);
    await write(engine, workload, ['a', 'b']);
    await write(engine, workload, ['c', undefined, 'a']);
    const snapshot = engine.snapshot();
    await write(engine, workload, ['d', 'e', 'f', 'g']);
    await write(engine, workload, ['a']);
    await snapshot;
    await write(engine, workload, ['b', undefined]);
    await engine.close();
  }
}

/** The keys as one atomic batch; undefined before a key: delete it. */
async function write(
  engine: StorageEngine,
  workload: Workload,
  steps: readonly (string | undefined)[],
): Promise<void> {
  const keys = steps.filter((step) => step !== undefined);
  const written = keys.map((key) => {
    workload.order += 1;
    const value =
      steps[steps.indexOf(key) - 1] === undefined && steps.indexOf(key) > 0
        ? undefined
        : `${key} ${workload.order}`;
    const tried = workload.attempted.get(key) ?? [];
    workload.attempted.set(key, [...tried, value]);
    return { key, value, order: workload.order };
  });
  const results = engine.apply(
    Buffer.concat(
      written.map((each, index) => recordOf({ ...each, batchContinues: index < written.length - 1 })),
    ),
  );
  for (const result of results) {
    if (result.kind !== 'stored') throw new Error('not stored');
    await engine.durable(result.position);
  }
  for (const { key, order, value } of written) workload.acknowledged.set(key, { order, value });
}

const tombstoneAs = (value: string | undefined): string | null => value ?? null;

/** What is read is what was acknowledged last, or something tried after it. */
function expectNothingLost(engine: StorageEngine, acknowledged: Acknowledged, workload: Workload): void {
  for (const [key, tried] of workload.attempted) {
    const last = acknowledged.get(key);
    const found = read(engine, key);
    if (found === 'damaged') throw new Error(`${key} is damaged`);
    if (last === undefined && found === undefined) continue;
    const from = last === undefined ? 0 : tried.indexOf(last.value);
    expect(tried.slice(from).map(tombstoneAs)).toContain(found);
  }
}

async function crashEverywhere(
  options: Partial<EngineOptions>,
  crash: (fileSystem: MemoryFileSystem, at: number) => MemoryFileSystem,
): Promise<number> {
  const workload = newWorkload();
  const crashes: { fileSystem: MemoryFileSystem; acknowledged: Acknowledged }[] = [];
  const fileSystem = createMemoryFileSystem({
    afterOperation: (_, now) => {
      crashes.push({ fileSystem: crash(now, crashes.length), acknowledged: new Map(workload.acknowledged) });
    },
  });
  await run(fileSystem, workload, options);
  for (const { fileSystem: crashed, acknowledged } of crashes) {
    const { engine } = await openOn(crashed, options);
    expectNothingLost(engine, acknowledged, workload);
    await storeDurably(engine, { key: 'after', value: 'the crash', order: 1e6 });
    const second = await openOn(crash(crashed, 0), options);
    expectNothingLost(second.engine, acknowledged, workload);
    expect(read(second.engine, 'after')).toBe('the crash');
    expect(second.engine.suspectPartitions.size).toBe(0);
  }
  expect(workload.acknowledged.size).toBe(7);
  return crashes.length;
}

describe('a crash after every file operation, with snapshots', () => {
  it('of the machine: no acknowledged write is lost', async () => {
    expect(await crashEverywhere({}, (fileSystem) => fileSystem.crash())).toBeGreaterThan(150);
  });

  it('of the machine, names kept or lost at random: no acknowledged write is lost', async () => {
    const random = createSeededRandom(7);
    await crashEverywhere({}, (fileSystem) => fileSystem.crash({ keepName: () => random.float() < 0.5 }));
  });

  it.each(['always', 'interval', 'os'] as const)(
    'of the process at durability %s: likewise',
    async (durability) => {
      await crashEverywhere({ durability }, (fileSystem) => fileSystem.kill());
    },
  );

  it('of the machine, unsynced sectors kept at random: nothing is lost unsaid, no value is wrong', async () => {
    const random = createSeededRandom(11);
    for (let repetition = 0; repetition < 4; repetition += 1) {
      const workload = newWorkload();
      const crashes: { fileSystem: MemoryFileSystem; acknowledged: Acknowledged }[] = [];
      const fileSystem = createMemoryFileSystem({
        afterOperation: (_, now) => {
          const crashed = now.crash({
            keep: () => random.float() < 0.5,
            keepName: () => random.float() < 0.5,
          });
          crashes.push({ fileSystem: crashed, acknowledged: new Map(workload.acknowledged) });
        },
      });
      await run(fileSystem, workload, {});
      for (const { fileSystem: crashed, acknowledged } of crashes) {
        const { engine } = await openOn(crashed);
        for (const [key, tried] of workload.attempted) {
          const found = read(engine, key);
          const last = acknowledged.get(key);
          if (found === 'damaged' || (found === undefined && last === undefined)) continue;
          const from = last === undefined ? 0 : tried.indexOf(last.value);
          expect(tried.slice(from).map(tombstoneAs)).toContain(found);
        }
      }
    }
  });

  it('an atomic batch is there as a whole or not at all, also when a snapshot was taken beside it', async () => {
    const keys = Array.from({ length: 30 }, (_, index) => `key${index}`);
    const crashes: MemoryFileSystem[] = [];
    const fileSystem = createMemoryFileSystem({ afterOperation: (_, now) => crashes.push(now.crash()) });
    const { engine } = await openOn(fileSystem);
    for (let round = 1; round <= 4; round += 1) {
      const snapshot = engine.snapshot();
      // At each of the turns that the snapshot takes.
      for (let turn = 0; turn < round * 2; turn += 1) await new Promise((resolve) => setImmediate(resolve));
      engine.apply(
        Buffer.concat(
          keys.map((key, index) =>
            recordOf({
              key,
              value: String(round),
              order: round * 100 + index,
              batchContinues: index < keys.length - 1,
            }),
          ),
        ),
      );
      await snapshot;
    }
    await engine.close();
    for (const crashed of crashes) {
      const after = await openOn(crashed);
      expect(new Set(keys.map((key) => read(after.engine, key))).size).toBe(1);
    }
    expect(crashes.length).toBeGreaterThan(50);
  });

  it('a state that was recovered is stable: opening again without writing finds the same', async () => {
    const fileSystem = createMemoryFileSystem();
    const { engine } = await openOn(fileSystem);
    store(engine, { key: 'a', value: '1', order: 1 });
    await engine.durable(store(engine, { key: 'b', value: '1', order: 2 }));
    let crashed = fileSystem.crash();
    for (let round = 0; round < 5; round += 1) {
      const again = await openOn(crashed);
      expect([read(again.engine, 'a'), read(again.engine, 'b')]).toEqual(['1', '1']);
      crashed = crashed.crash();
    }
    expect(crashed.paths().filter((path) => path.includes('log-')).length).toBeLessThan(4);
  });
});
