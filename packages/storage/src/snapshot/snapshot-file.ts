import type { Timestamp } from '@kv/hlc';

import { encodeBatch, encodeFileHeader } from '../log/batch-frame.js';
import { joinPath, snapshotName } from '../recovery/file-names.js';
import { snapshotSliceBytes } from '../limits.js';
import type { FileSystem, Timers } from '../ports.js';
import { readSegment } from '../recovery/read-segment.js';
import type { RecordTable } from '../engine/record-table.js';
import { walkBatch } from '../log/walk-batch.js';
import { createWhole, writeFully } from '../log/write-file.js';

export interface SnapshotTask {
  readonly fileSystem: FileSystem;
  readonly timers: Timers;
  readonly directory: string;
  readonly sequence: number;
  readonly table: RecordTable;
  readonly ceiling: Timestamp;
  /** Throws to give up. */
  readonly beforeSlice: () => void;
  /** Runs after the last record was read and before the snapshot gets its name. */
  readonly beforeNaming: () => Promise<void>;
}

/**
 * Writes every record of the table to a new snapshot, in slices between which others have their turn, and reads it back
 * before it gets its name. Records that change meanwhile may be in it old or new: the log has the change either way.
 *
 * @returns the snapshot's bytes
 */
export async function writeSnapshot(task: SnapshotTask): Promise<number> {
  const { fileSystem, directory, sequence, table } = task;
  const { file, result } = await createWhole(
    fileSystem,
    { directory, name: snapshotName(sequence) },
    async (created, temporaryPath) => {
      const header = { kind: 'snapshot', partitions: table.partitions, sequence, firstBatch: 1 } as const;
      const first = encodeFileHeader(header);
      await writeFully(created, first, 0);
      let bytes = first.length;
      let records = 0;
      let batch = 1;
      for (const slice of slices(table)) {
        task.beforeSlice();
        const frame = encodeBatch({ sequence: batch, ceiling: task.ceiling }, slice);
        await writeFully(created, frame, bytes);
        bytes += frame.length;
        records += slice.length;
        batch += 1;
        await new Promise<void>((resolve) => {
          task.timers.nextTurn(resolve);
        });
      }
      const end = encodeBatch({ sequence: batch, ceiling: task.ceiling }, []);
      await writeFully(created, end, bytes);
      await created.sync();
      await verify(fileSystem, temporaryPath, { partitions: table.partitions, records });
      await task.beforeNaming();
      return bytes + end.length;
    },
  );
  // Synced and verified: that the handle does not close cleanly changes nothing.
  await file.close().catch(() => undefined);
  return result;
}

export function snapshotPath(directory: string, sequence: number): string {
  return joinPath(directory, snapshotName(sequence));
}

/** A map may change while it is iterated: entries removed are left out, entries added come or not. */
function* slices(table: RecordTable): Iterable<readonly Uint8Array[]> {
  let slice: Uint8Array[] = [];
  let bytes = 0;
  for (let partition = 0; partition < table.partitions; partition += 1) {
    for (const [, { record }] of table.entries(partition)) {
      slice.push(record.bytes);
      bytes += record.bytes.length;
      if (bytes < snapshotSliceBytes) continue;
      yield slice;
      slice = [];
      bytes = 0;
    }
  }
  if (slice.length > 0) yield slice;
}

async function verify(
  fileSystem: FileSystem,
  path: string,
  expected: { readonly partitions: number; readonly records: number },
): Promise<void> {
  const file = await fileSystem.openForRead(path);
  try {
    let records = 0;
    let faults = 0;
    const { end, lastBatchRecords } = await readSegment(file, (batch, payload) => {
      const walked = walkBatch(payload, { records: batch.records, partitions: expected.partitions });
      records += walked.records.length;
      if (walked.unattributed || walked.damaged.size > 0) faults += 1;
    });
    if (end.kind !== 'complete' || faults > 0 || lastBatchRecords !== 0 || records !== expected.records) {
      throw new Error('a snapshot did not read back as it was written');
    }
  } finally {
    await file.close().catch(() => undefined);
  }
}
