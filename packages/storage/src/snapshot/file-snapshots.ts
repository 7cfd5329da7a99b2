import { KvError } from '@kv/errors';
import type { Timestamp } from '@kv/hlc';

import { releaseOldFiles } from '../recovery/data-directory.js';
import { isDiskFull, isSystemError } from '../system/file-errors.js';
import type { FileLog } from '../log/file-log.js';
import type { ManifestFile } from '../recovery/manifest.js';
import type { Clock, FileSystem, Timers } from '../ports.js';
import type { RecordTable } from '../engine/record-table.js';
import { writeSnapshot } from './snapshot-file.js';
import type { Snapshots } from './snapshots.js';

export interface FileSnapshotsParts {
  readonly fileSystem: FileSystem;
  readonly directory: string;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly table: RecordTable;
  readonly log: FileLog;
  readonly manifest: ManifestFile;
  readonly damagedFiles: ReadonlySet<string>;
  /** Of the current snapshot. */
  readonly bytes: number;
  readonly newestTimestamp: () => Timestamp;
}

/**
 * The order of things is what makes a snapshot safe:
 *
 * 1. A new log file begins; everything applied before is in memory, everything after is in that file or a later one.
 * 2. All records are written to a temporary file, synced, and read back.
 * 3. The log is synced: the snapshot may hold records (or half of an atomic batch) that were applied while it was
 *    written, and after a crash the log must have them, too.
 * 4. The file gets its name. Then the manifest switches to it. Until here the old chain counts, and is complete.
 * 5. The old chain goes.
 */
export function createFileSnapshots(parts: FileSnapshotsParts): Snapshots {
  const { log } = parts;
  let bytes = parts.bytes;
  let lastAtMs = 0;
  let coveredUpTo = 0;
  let running: Promise<void> | undefined;
  let stopped = false;

  const take = async (): Promise<void> => {
    const appended = log.appended;
    bytes = await replaceChain(parts, () => {
      if (stopped) throw new KvError('closed', 'the store was closed: the snapshot is given up');
    });
    lastAtMs = parts.clock.nowMs();
    coveredUpTo = appended;
  };

  return {
    get running() {
      return running !== undefined;
    },
    get covered() {
      return log.appended === coveredUpTo;
    },
    get bytes() {
      return bytes;
    },
    bytesWritten: 0,
    get lastAtMs() {
      return lastAtMs;
    },
    take() {
      running ??= take().finally(() => {
        running = undefined;
      });
      return running;
    },
    async stop() {
      stopped = true;
      await running?.catch(() => undefined);
    },
  };
}

/** @returns the new snapshot's bytes */
async function replaceChain(parts: FileSnapshotsParts, beforeSlice: () => void): Promise<number> {
  const { fileSystem, timers, directory, table, log, manifest } = parts;
  const { sequence, firstBatch } = await log.rotate();
  let bytes: number;
  try {
    bytes = await writeSnapshot({
      ...{ fileSystem, timers, directory, sequence, table, beforeSlice },
      ceiling: log.ceiling,
      beforeNaming: () => log.sync(),
    });
    await manifest.update({
      snapshot: sequence,
      logFirst: sequence,
      batchFirst: firstBatch,
      ceiling: log.ceiling,
      newestTimestamp: parts.newestTimestamp(),
    });
  } catch (error) {
    // The old chain still counts. But a disk that failed to sync is not to be trusted with another acknowledgement.
    if (isSystemError(error) && !isDiskFull(error)) log.fail(error, 'writing a snapshot failed');
    throw error;
  }
  log.release(sequence);
  const { current } = manifest;
  await releaseOldFiles(fileSystem, { directory, manifest: current, damagedFiles: parts.damagedFiles });
  return bytes;
}
