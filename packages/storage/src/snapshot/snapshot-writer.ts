import type { Timestamp } from '@kv/hlc';

import { snapshotSliceBytes } from '../limits.js';
import { encodeBatchHeader, encodeFileHeader } from '../log/frame.js';
import type { FilePlace } from '../log/log-writer.js';
import { createWhole, writePartsFully } from '../log/write-file.js';
import type { LiveCursor } from '../memory/record-memory.js';
import type { Timers, WritableFile } from '../ports.js';
import { snapshotName } from '../recovery/file-names.js';
import { bytesOfParts } from '../system/parts.js';
import { verifySnapshot } from './verify-snapshot.js';

export interface SnapshotTask {
  readonly place: FilePlace;
  readonly timers: Pick<Timers, 'nextTurn'>;
  readonly sequence: number;
  readonly cursor: LiveCursor;
  /** What there is now, about: the records' number and bytes. */
  readonly keys: number;
  readonly liveBytes: number;
  readonly ceiling: Timestamp;
  /** Throws to give up. */
  readonly beforeSlice: () => void;
  /** Runs after the last record was read and before the snapshot gets its name. */
  readonly beforeNaming: () => Promise<void>;
}

/**
 * Writes every record to a new snapshot, in slices between which others have their turn, and reads it back before it gets
 * its name. Records that change meanwhile may be in it old or new, or not at all: a log has the change either way.
 *
 * @returns the snapshot's bytes
 */
export async function writeSnapshot(task: SnapshotTask): Promise<number> {
  const { place, sequence, timers } = task;
  const { fileSystem, directory, partitions } = place;
  const { file, result } = await createWhole(
    fileSystem,
    { directory, name: snapshotName(sequence) },
    async (created, temporaryPath) => {
      const { bytes, records } = await writeRecords(created, task);
      await created.sync();
      await verifySnapshot(temporaryPath, { fileSystem, timers, partitions, records });
      await task.beforeNaming();
      return bytes;
    },
  );
  // Synced and verified: that the handle does not close cleanly changes nothing.
  await file.close().catch(() => undefined);
  return result;
}

async function writeRecords(
  file: WritableFile,
  task: SnapshotTask,
): Promise<{ readonly bytes: number; readonly records: number }> {
  const { place, sequence, cursor, keys, liveBytes, ceiling, timers } = task;
  const { partitions } = place;
  const into = new Uint8Array(Math.min(snapshotSliceBytes, Math.max(liveBytes, 4096)));
  const header = {
    kind: 'snapshot',
    partitions,
    sequence,
    firstBatch: 1,
    continuesAfter: 0,
    extent: keys,
  } as const;
  let bytes = 0;
  let total = 0;
  let batch = 0;
  // Goes out with the first batch.
  let begin: readonly Uint8Array[] = [encodeFileHeader(header)];
  const write = async (parts: readonly Uint8Array[], records: number): Promise<void> => {
    batch += 1;
    const batchHeader = encodeBatchHeader({
      sequence: batch,
      ceiling,
      syncedThrough: 0,
      payloadBytes: bytesOfParts(parts),
      records,
    });
    const all = [...begin, batchHeader, ...parts];
    begin = [];
    await writePartsFully(file, all, bytes);
    bytes += bytesOfParts(all);
    total += records;
  };
  for (let first = true; !cursor.done; first = false) {
    if (!first) {
      await new Promise<void>((resolve) => {
        timers.nextTurn(resolve);
      });
    }
    task.beforeSlice();
    const slice = cursor.next(into);
    if (slice.records > 0) await write([into.subarray(0, slice.bytes)], slice.records);
    for (const view of slice.views) await write([view.bytes], 1);
  }
  await write([], 0);
  return { bytes, records: total };
}
