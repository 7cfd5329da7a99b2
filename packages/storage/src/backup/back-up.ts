import { KvError } from '@kv/errors';

import { type FilePlace, LogWriter } from '../log/log-writer.js';
import type { WriteAheadLog } from '../log/write-ahead-log.js';
import type { RecordMemory } from '../memory/record-memory.js';
import type { FileSystem, Timers } from '../ports.js';
import { joinPath, logName, snapshotName } from '../recovery/file-names.js';
import { createManifestFile, firstManifest } from '../recovery/manifest.js';
import type { SuspectMarks } from '../recovery/suspect-marks.js';
import { naming } from '../recovery/take-directory.js';
import { writeSnapshot } from '../snapshot/snapshot-writer.js';

export interface BackupTask {
  readonly fileSystem: FileSystem;
  readonly timers: Pick<Timers, 'nextTurn'>;
  /** Created if absent; must be empty. */
  readonly directory: string;
  readonly memory: RecordMemory;
  readonly log: WriteAheadLog;
  readonly suspects: Pick<SuspectMarks, 'partitions' | 'incarnation'>;
  readonly retainTombstones: boolean;
  /** Throws to give up. */
  readonly beforeSlice: () => void;
}

/** Of the only snapshot and the only log of a backup. */
const sequence = 1;

/**
 * Makes a directory that opens to everything that was in the memory at one moment, the last of the backup: a snapshot, taken
 * in slices while writes go on, and a log of everything that was appended meanwhile, so that what the snapshot has only
 * half of is whole again. The manifest comes last: without it the directory does not open.
 *
 * @throws KvError `invalid-argument` if the directory is not empty, or may not be written; `disk-full`; `closed`
 */
export async function backUp(task: BackupTask): Promise<void> {
  const { fileSystem, directory, memory } = task;
  await naming(`cannot back up to ${directory}`, async () => {
    await fileSystem.makeDirectory(directory);
    const [present] = await fileSystem.list(directory);
    if (present !== undefined) {
      throw new KvError(
        'invalid-argument',
        `cannot back up to ${directory}: it is not empty, it has ${present}`,
      );
    }
    const place = { fileSystem, directory, partitions: memory.partitions };
    try {
      await writeFiles(task, place);
      await writeManifest(task, place);
    } catch (error) {
      // So that the next try finds it empty. The first error is the one to tell.
      for (const name of [snapshotName(sequence), logName(sequence)]) {
        await fileSystem.remove(joinPath(directory, name)).catch(() => undefined);
      }
      throw error;
    }
  });
}

async function writeFiles(task: BackupTask, place: FilePlace): Promise<void> {
  const { timers, memory, log, beforeSlice } = task;
  const { ceiling } = log;
  const start = { sequence, firstBatch: 1, continuesAfter: 0, batches: [], ceiling };
  const writer = await LogWriter.create(place, start);
  let written = Promise.resolve();
  const untap = log.tap((batch) => {
    // Written later than the log's own, when the memory may be used for other records.
    const copy = { ...batch, ranges: [Buffer.concat(batch.ranges)] };
    written = written.then(() => writer.write(copy, ceiling));
    // Seen at the end.
    written.catch(() => undefined);
  });
  try {
    await writeSnapshot({
      ...{ place, timers, sequence, ceiling, beforeSlice },
      cursor: memory.liveRecords(),
      keys: memory.entries,
      liveBytes: memory.liveBytes,
      beforeNaming: async () => {
        beforeSlice();
        // What was appended while the records were read, and not taken for the log yet.
        await log.drain();
        untap();
        await written;
        await writer.sync();
      },
    });
  } finally {
    untap();
    await written.catch(() => undefined);
    await writer.close().catch(() => undefined);
  }
}

async function writeManifest(
  task: BackupTask,
  { fileSystem, directory, partitions }: FilePlace,
): Promise<void> {
  const { memory, log, suspects, retainTombstones } = task;
  const manifest = createManifestFile(fileSystem, directory, firstManifest({ partitions, retainTombstones }));
  await manifest.update({
    snapshot: sequence,
    logFirst: sequence,
    logLast: sequence,
    ceiling: log.ceiling,
    newestTimestamp: memory.newestTimestamp,
    incarnation: suspects.incarnation,
    suspect: [...suspects.partitions].sort((a, b) => a - b),
  });
}
