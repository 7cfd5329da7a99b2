import { createManualClock, type FileSystemShape, type MemoryFileSystem } from '@kv/testing';

import { SegmentedMemory } from '../src/memory/segmented-memory.js';
import { type EngineOptions, resolveEngineOptions } from '../src/options.js';
import { readRecords, viewRecord } from '../src/record/record.js';
import { type EngineFiles, openFiles } from '../src/recovery/open-files.js';
import { systemTimers } from '../src/system/system-ports.adapter.js';
import { directory, recordOf } from './engine-harness.js';

/** The disk half of an engine and a memory, without an engine. */
export interface OpenedFiles {
  readonly memory: SegmentedMemory;
  readonly files: EngineFiles;
}

export function append(memory: SegmentedMemory, record: Uint8Array): void {
  const staged = memory.stageVerified(viewRecord(record, 0, record.length));
  memory.offer(staged.segment, staged.start);
}

export async function openFilesOn(
  fileSystem: FileSystemShape,
  options: Partial<EngineOptions> = {},
): Promise<OpenedFiles> {
  const resolved = resolveEngineOptions(
    { directory, partitions: 8, snapshotIntervalMs: 0, damage: 'rebuild', ...options },
    { memoryBytesMax: () => 1e9 },
  );
  const memory = new SegmentedMemory({ partitions: 8, retainTombstones: true });
  const files = await openFiles(
    resolved,
    { fileSystem, clock: createManualClock(), timers: systemTimers({ keepAlive: false }), bootId: 'boot' },
    {
      memory,
      append: (segment, offset, length) => append(memory, segment.bytes.subarray(offset, offset + length)),
    },
  );
  return { memory, files };
}

export async function put(
  { memory, files }: OpenedFiles,
  key: string,
  value: string | undefined,
  order: number,
): Promise<void> {
  append(memory, recordOf({ key, value, order }));
  files.log.kick();
  await files.log.durable(memory.appended);
}

export async function closeFiles({ files }: OpenedFiles): Promise<void> {
  await files.log.close();
  await files.release({ synced: true });
}

/** A tombstone is null. */
export function contents(memory: SegmentedMemory): Record<string, string | null> {
  const found: Record<string, string | null> = {};
  const into = new Uint8Array(1024 * 1024);
  for (const cursor = memory.liveRecords(); !cursor.done;) {
    const { bytes, views } = cursor.next(into);
    for (const { key, value, tombstone } of [...readRecords(into.slice(0, bytes)), ...views]) {
      found[Buffer.from(key).toString()] = tombstone ? null : Buffer.from(value).toString();
    }
  }
  return found;
}

export function newestLog(fileSystem: MemoryFileSystem): string {
  return fileSystem
    .paths()
    .filter((path) => path.includes('/log-'))
    .at(-1)!;
}

export function flipped(bytes: Uint8Array, bit: number): Uint8Array {
  const copy = bytes.slice();
  copy[bit >>> 3]! ^= 1 << (bit & 7);
  return copy;
}
