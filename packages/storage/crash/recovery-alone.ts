import type { FileSystem } from '../index.js';
import { SegmentedMemory } from '../memory/segmented-memory.js';
import { viewRecord } from '../record/record.js';
import type { Manifest } from '../recovery/manifest.js';
import { replay } from '../recovery/replay.js';

import { directory, partitions } from './engine-ports.js';

export interface ReplayedDirectory {
  /** As bits. */
  readonly suspects: number;
  readonly bytesOf: (key: Uint8Array) => Uint8Array | undefined;
}

const timers = { nextTurn: (callback: () => void): void => void setImmediate(callback) };

/**
 * The reading part of an opening, without the rest (lock, manifest, marks): what decides about damaged bytes, at a third of
 * the time.
 */
export async function replayAlone(
  fileSystem: FileSystem,
  { manifest, retainTombstones }: { readonly manifest: Manifest; readonly retainTombstones: boolean },
): Promise<ReplayedDirectory> {
  const memory = new SegmentedMemory({ partitions, retainTombstones });
  const { damage } = await replay({
    ...{ fileSystem, timers, directory, manifest, memory },
    append(segment, offset, length) {
      const staged = memory.stageVerified(viewRecord(segment.bytes.subarray(offset, offset + length)));
      memory.offer(staged.segment, staged.start);
    },
  });
  let suspects = 0;
  for (const partition of damage.partitions) suspects |= 1 << partition;
  return {
    suspects,
    bytesOf(key) {
      const location = memory.find(key);
      return location === 0 ? undefined : memory.viewAt(location).bytes;
    },
  };
}
