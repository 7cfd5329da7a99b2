import type { RecordMemory } from '../memory/record-memory.js';
import { readRecords, type RecordView } from '../record/record.js';
import { joinPath, logName, snapshotName } from '../recovery/file-names.js';
import { FileWalk } from '../recovery/file-walk.js';
import type { Manifest } from '../recovery/manifest.js';
import { scratchMemory } from '../snapshot/verify-snapshot.js';
import { fileErrorCode } from '../system/file-errors.js';
import { readRecord } from '../record/record.js';
import type { InspectedRecord } from './inspection.js';
import type { InspectPorts } from './inspect-directory.js';

const sliceBytes = 256 * 1024;

export function* liveRecords(memory: RecordMemory): Generator<RecordView> {
  for (const cursor = memory.liveRecords(); !cursor.done;) {
    const into = new Uint8Array(sliceBytes);
    const { bytes, views } = cursor.next(into);
    yield* readRecords(into.subarray(0, bytes));
    yield* views;
  }
}

/** Of one file after the other; the records of a file are held while they are given out. */
export async function* loggedRecords(
  directory: string,
  { manifest }: { readonly manifest: Manifest | undefined },
  ports: InspectPorts,
): AsyncGenerator<InspectedRecord> {
  if (manifest === undefined) return;
  const { snapshot, logFirst, logLast } = manifest;
  if (snapshot !== 0) yield* recordsOf(directory, snapshotName(snapshot), { manifest }, ports);
  for (let sequence = logFirst; sequence <= logLast; sequence += 1) {
    yield* recordsOf(directory, logName(sequence), { manifest }, ports);
  }
}

async function* recordsOf(
  directory: string,
  name: string,
  { manifest: { partitions } }: { readonly manifest: Manifest },
  { fileSystem, timers }: InspectPorts,
): AsyncGenerator<InspectedRecord> {
  const found: InspectedRecord[] = [];
  let batch = 0;
  try {
    const file = await fileSystem.openForRead(joinPath(directory, name));
    const walk = new FileWalk({ memory: scratchMemory(), timers });
    try {
      await walk.walk(
        file,
        { fileBytes: await file.size(), partitions },
        {
          header: () => true,
          batch: ({ sequence }) => {
            batch = sequence;
          },
          record: (segment, offset) => {
            found.push({ file: name, batch, record: readRecord(segment.bytes, offset) });
          },
          damage: () => undefined,
        },
      );
    } finally {
      await walk.finish();
      await file.close().catch(() => undefined);
    }
  } catch (error) {
    const code = fileErrorCode(error);
    if (code !== 'ENOENT' && code !== 'EIO') throw error;
  }
  yield* found;
}
