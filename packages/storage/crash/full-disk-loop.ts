import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { isKvError } from '@kv/errors';
import { nodeFileSystem, openEngine, type StorageEngine, systemClock, systemTimers } from '../index.js';

import { countedRecord, throwUnlessAllThere } from './counted-writes.js';
import { partitions } from './engine-ports.js';
import type { Loop, Tally } from './loop.js';

const run = promisify(execFile);
const diskMegabytes = 4;
const fillerBytes = 2 * 1024 * 1024;
const retryMsMax = 20_000;

export const fullDiskLoop: Loop = {
  name: 'full-disk',
  title: 'a real disk without room',
  counts: 'acknowledged writes',
  minimum: 1_000,
  jobs: 1,
  secondsMax: 60,
  run: () => runFullDiskJob(),
};

export async function runFullDiskJob(): Promise<Tally | { readonly skipped: string }> {
  const mountPoint = await mkdtemp(join(tmpdir(), 'kv-full-'));
  try {
    await run('mount', ['-t', 'tmpfs', '-o', `size=${diskMegabytes}m`, 'kv-full', mountPoint]);
  } catch (error) {
    await rm(mountPoint, { recursive: true, force: true });
    return {
      skipped: `no tmpfs can be mounted here (${(error as { code?: unknown }).code === 'ENOENT' ? 'no mount command' : 'not allowed'})`,
    };
  }
  // Also if the run is stopped: nothing of ours stays mounted.
  const unmount = (): Promise<unknown> => run('umount', ['-l', mountPoint]);
  const onSignal = (): void => void unmount().finally(() => process.exit(1));
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, onSignal);
  try {
    return await fillAndEmpty(join(mountPoint, 'data'), join(mountPoint, 'filler'));
  } finally {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.off(signal, onSignal);
    await unmount();
    await rm(mountPoint, { recursive: true, force: true });
  }
}

async function fillAndEmpty(directory: string, filler: string): Promise<Tally> {
  await writeFile(filler, new Uint8Array(fillerBytes));
  let engine = await open(directory);
  const first = await writeUntilFull(engine, 1);
  expectAll(engine, first);
  // Reopened on the full disk, or refused with the reason.
  await engine.close().catch(expectDiskFull);
  let reopenedFull = 0;
  try {
    engine = await open(directory);
    expectAll(engine, first);
    reopenedFull = 1;
  } catch (error) {
    expectDiskFull(error);
    await rm(filler);
    engine = await open(directory);
  }
  await rm(filler, { force: true });
  let acknowledged = await writeAgain(engine, first.begun + 1);
  // And full once more, in the middle of life; there is room again when a snapshot lets the log go.
  const second = await writeUntilFull(engine, acknowledged.begun + 1);
  expectAll(engine, { ...second, acknowledged: Math.max(second.acknowledged, acknowledged.acknowledged) });
  await engine.close().catch(expectDiskFull);
  engine = await open(directory);
  acknowledged = { ...second, acknowledged: Math.max(second.acknowledged, acknowledged.acknowledged) };
  expectAll(engine, acknowledged);
  await engine.close().catch(expectDiskFull);
  return {
    'acknowledged writes': acknowledged.acknowledged,
    'times full': 2,
    'opened while full': reopenedFull,
  };
}

interface Progress {
  readonly acknowledged: number;
  readonly begun: number;
}

function open(directory: string): Promise<StorageEngine> {
  return openEngine(
    { directory, partitions, snapshotIntervalMs: 0 },
    { fileSystem: nodeFileSystem(), clock: systemClock(), timers: systemTimers() },
  );
}

async function writeUntilFull(engine: StorageEngine, from: number): Promise<Progress> {
  const together = 32;
  let acknowledged = from - 1;
  for (let write = from; ; write += together) {
    const records = Array.from({ length: together }, (_, index) => countedRecord(write + index));
    const last = engine.apply(Buffer.concat(records)).at(-1)!;
    if (last.kind === 'refused') {
      if (last.code !== 'disk-full') throw new Error(`refused with ${last.code}`);
      return { acknowledged, begun: write - 1 };
    }
    if (last.kind !== 'stored') throw new Error(`neither stored nor refused: ${last.kind}`);
    try {
      await engine.durable(last.position);
      acknowledged = write + together - 1;
    } catch (error) {
      expectDiskFull(error);
      return { acknowledged, begun: write + together - 1 };
    }
  }
}

/** The engine finds out by itself that there is room. */
async function writeAgain(engine: StorageEngine, from: number): Promise<Progress> {
  const deadline = performance.now() + retryMsMax;
  while (performance.now() < deadline) {
    const result = engine.apply(countedRecord(from)).at(-1)!;
    if (result.kind === 'stored' || result.kind === 'already') {
      try {
        await engine.durable(result.position);
        return { acknowledged: from, begun: from };
      } catch (error) {
        expectDiskFull(error);
      }
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error('there is room on the disk, and nothing is acknowledged');
}

function expectAll(engine: StorageEngine, { acknowledged, begun }: Progress): void {
  throwUnlessAllThere((key) => engine.get(key)?.record.value, { acknowledged, begunMax: begun });
}

function expectDiskFull(error: unknown): void {
  if (!isKvError(error) || error.code !== 'disk-full') throw error;
}
