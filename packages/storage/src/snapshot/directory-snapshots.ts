import { KvError } from '@kv/errors';

import type { FilePlace } from '../log/log-writer.js';
import type { WriteAheadLog } from '../log/write-ahead-log.js';
import type { RecordMemory } from '../memory/record-memory.js';
import type { Clock, Timers } from '../ports.js';
import { releaseOldFiles } from '../recovery/old-files.js';
import { inChain, type ManifestFile } from '../recovery/manifest.js';
import { isDiskFull, isSystemError } from '../system/file-errors.js';
import { BackgroundTurns } from './background-turns.js';
import { type SnapshotTask, writeSnapshot } from './snapshot-writer.js';
import type { Snapshots } from './snapshots.js';

export interface DirectorySnapshotsParts {
  readonly place: FilePlace;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly memory: RecordMemory;
  readonly log: WriteAheadLog;
  readonly manifest: ManifestFile;
  /** Of the current snapshot. */
  readonly bytes: number;
}

/**
 * The order of things is what makes a snapshot safe:
 *
 * 1. The log's file ends; everything applied before is in memory, everything after goes into the next file or a later one.
 * 2. All records are written to a temporary file, synced, and read back.
 * 3. The log is synced: the snapshot may hold records (or half of an atomic batch) that were applied while it was
 *    written, and after a crash the log must have them, too.
 * 4. The file gets its name. Then the manifest switches to it. Until here the old chain counts, and is complete.
 * 5. The old chain goes.
 */
export function createDirectorySnapshots(parts: DirectorySnapshotsParts): Snapshots {
  return new DirectorySnapshots(parts);
}

class DirectorySnapshots implements Snapshots {
  readonly #parts: DirectorySnapshotsParts;
  #bytes: number;
  #bytesWritten = 0;
  #lastAtMs = 0;
  #coveredUpTo = 0;
  #running: Promise<void> | undefined;
  #turns: BackgroundTurns | undefined;
  #stopped = false;

  constructor(parts: DirectorySnapshotsParts) {
    this.#parts = parts;
    this.#bytes = parts.bytes;
  }

  get running(): boolean {
    return this.#running !== undefined;
  }

  get covered(): boolean {
    return this.#parts.memory.appended === this.#coveredUpTo;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get bytesWritten(): number {
    return this.#bytesWritten;
  }

  get lastAtMs(): number {
    return this.#lastAtMs;
  }

  take({ inBackground = false } = {}): Promise<void> {
    if (this.#running === undefined) {
      this.#turns = new BackgroundTurns(this.#parts);
      this.#running = this.#takeOne(this.#turns).finally(() => {
        this.#running = undefined;
      });
    }
    if (!inBackground) this.#turns?.hurry();
    return this.#running;
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#turns?.hurry();
    await this.#running?.catch(() => undefined);
  }

  async #takeOne(timers: BackgroundTurns): Promise<void> {
    const { memory, clock } = this.#parts;
    const { appended } = memory;
    const beforeSlice = (): void => {
      if (this.#stopped) throw new KvError('closed', 'the store was closed: the snapshot is given up');
    };
    this.#bytes = await replaceChain(this.#parts, { timers, beforeSlice });
    this.#bytesWritten += this.#bytes;
    this.#lastAtMs = clock.nowMs();
    this.#coveredUpTo = appended;
  }
}

/** @returns the new snapshot's bytes */
async function replaceChain(
  { place, memory, log, manifest }: DirectorySnapshotsParts,
  { timers, beforeSlice }: Pick<SnapshotTask, 'timers' | 'beforeSlice'>,
): Promise<number> {
  const { sequence, firstBatch } = await log.rotate();
  try {
    const bytes = await writeSnapshot({
      ...{ place, timers, sequence, beforeSlice },
      cursor: memory.liveRecords(),
      keys: memory.entries,
      liveBytes: memory.liveBytes,
      ceiling: log.ceiling,
      beforeNaming: () => log.sync(),
    });
    await manifest.update((current) => ({
      snapshot: sequence,
      logFirst: sequence,
      batchFirst: firstBatch,
      ceiling: log.ceiling,
      newestTimestamp: memory.newestTimestamp,
      // Older ones were set aside by earlier snapshots.
      quarantine: current.quarantine.filter((name) => inChain(current, name)),
    }));
    log.release(sequence);
    await releaseOldFiles(place, manifest.current);
    return bytes;
  } catch (error) {
    // One chain counts, and is complete. But a disk that failed to sync is not to be trusted with another acknowledgement.
    if (isSystemError(error) && !isDiskFull(error)) log.fail(error, 'writing a snapshot failed');
    throw error;
  }
}
