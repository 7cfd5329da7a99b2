import { allocateMemory, Segment } from '../memory/segment.js';
import type { FileSystem, Timers } from '../ports.js';
import { FileWalk } from '../recovery/file-walk.js';
import type { ReaderMemory } from '../recovery/file-reader.js';

/** Memory to look at records in, and throw away. */
export function scratchMemory(): ReaderMemory {
  return {
    reserve: (bytes) => new Segment(1, allocateMemory(bytes), 'recovering'),
    seal: () => undefined,
  };
}

/** Reads a snapshot that was just written back from the file system, every checksum. */
export async function verifySnapshot(
  path: string,
  {
    fileSystem,
    timers,
    partitions,
    records: expected,
  }: {
    readonly fileSystem: FileSystem;
    readonly timers: Pick<Timers, 'nextTurn'>;
    readonly partitions: number;
    readonly records: number;
  },
): Promise<void> {
  const walk = new FileWalk({ memory: scratchMemory(), timers });
  const file = await fileSystem.openForRead(path);
  try {
    let records = 0;
    let faults = 0;
    const fileBytes = await file.size();
    const { end, last } = await walk.walk(
      file,
      { fileBytes, partitions },
      {
        header: () => true,
        batch: () => undefined,
        record: () => {
          records += 1;
        },
        damage: () => {
          faults += 1;
        },
      },
    );
    if (end.kind !== 'complete' || faults > 0 || last?.records !== 0 || records !== expected) {
      throw new Error('a snapshot did not read back as it was written');
    }
  } finally {
    await walk.finish();
    await file.close().catch(() => undefined);
  }
}
