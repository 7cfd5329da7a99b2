import { isKvError } from '@kv/errors';

import { SegmentedMemory } from '../memory/segmented-memory.js';
import type { FileSystem, Timers } from '../ports.js';
import { viewRecord } from '../record/record.js';
import { joinPath } from '../recovery/file-names.js';
import { type Manifest, readManifest } from '../recovery/manifest.js';
import { replay, type Replayed } from '../recovery/replay.js';
import { naming, refuseWithoutManifest } from '../recovery/take-directory.js';
import { inspectFiles } from './inspect-file.js';
import type { DirectoryInspection, ManifestInspection, RecoveryForecast } from './inspection.js';
import { liveRecords, loggedRecords } from './inspected-records.js';

export interface InspectPorts {
  readonly fileSystem: FileSystem;
  readonly timers: Pick<Timers, 'nextTurn'>;
}

/**
 * Reads a data directory offline: every checksum, and what opening it would do. Nothing is changed, and its lock is not
 * looked at: of a directory that is in use, what is found may be a mixture of before and after.
 *
 * @throws KvError `invalid-argument` if there is no such directory, or it may not be read
 */
export async function inspectDirectory(directory: string, ports: InspectPorts): Promise<DirectoryInspection> {
  return naming(`cannot inspect ${directory}`, async () => {
    const names = await ports.fileSystem.list(directory);
    const { manifest, refusal } = await manifestOf(directory, names, ports);
    const files = await inspectFiles(directory, { names, manifest }, ports);
    const forecast = manifest === undefined ? undefined : await forecastOf(directory, manifest, ports);
    return {
      directory,
      manifest: manifest === undefined ? undefined : summaryOf(manifest),
      refusal: refusal ?? forecast?.refusal,
      lockedBy: names.includes('LOCK') ? await ownerOf(directory, ports) : undefined,
      files,
      recovery: forecast?.recovery,
      entries: () => (forecast?.memory === undefined ? [] : liveRecords(forecast.memory)),
      records: () => loggedRecords(directory, { manifest }, ports),
    };
  });
}

async function manifestOf(
  directory: string,
  names: readonly string[],
  { fileSystem }: InspectPorts,
): Promise<{ readonly manifest?: Manifest; readonly refusal?: string }> {
  try {
    const manifest = await readManifest(fileSystem, directory);
    if (manifest !== undefined) return { manifest };
    refuseWithoutManifest(directory, names);
    return { refusal: `${directory} has no data: opening it would make a new store` };
  } catch (error) {
    if (isKvError(error)) return { refusal: error.message };
    throw error;
  }
}

interface Forecast {
  readonly memory?: SegmentedMemory;
  readonly recovery?: RecoveryForecast;
  readonly refusal?: string;
}

/** What opening does, without what it writes. */
async function forecastOf(
  directory: string,
  manifest: Manifest,
  { fileSystem, timers }: InspectPorts,
): Promise<Forecast> {
  const { partitions, retainTombstones } = manifest;
  const memory = new SegmentedMemory({ partitions, retainTombstones, logged: false });
  memory.raiseNewest(manifest.newestTimestamp);
  const append = (segment: { readonly bytes: Uint8Array }, offset: number, length: number): void => {
    const staged = memory.stageVerified(viewRecord(segment.bytes, offset, length));
    memory.offer(staged.segment, staged.start);
  };
  try {
    const found = await replay({ fileSystem, timers, directory, manifest, memory, append });
    return { memory, recovery: recoveryOf(manifest, memory, found) };
  } catch (error) {
    if (isKvError(error)) return { refusal: error.message };
    throw error;
  }
}

function recoveryOf(manifest: Manifest, memory: SegmentedMemory, found: Replayed): RecoveryForecast {
  const { records, cutBytes, damage, ceiling } = found;
  const suspect = new Set([...manifest.suspect, ...damage.partitions]);
  return {
    records,
    keys: memory.keys,
    tombstones: memory.tombstones,
    liveBytes: memory.liveBytes,
    cutBytes,
    damage: damage.reasons,
    suspectPartitions: [...suspect].sort((a, b) => a - b),
    incarnation: manifest.incarnation + (suspect.size > manifest.suspect.length ? 1 : 0),
    newestTimestamp: memory.newestTimestamp,
    ceiling,
  };
}

function summaryOf({ suspect, running, ...manifest }: Manifest): ManifestInspection {
  const { partitions, retainTombstones, incarnation, snapshot, logFirst, logLast, ceiling } = manifest;
  return {
    ...{ partitions, retainTombstones, incarnation, snapshot, logFirst, logLast, ceiling },
    suspectPartitions: suspect,
    openAt: running?.durability,
  };
}

/** @returns undefined if the lock does not say */
async function ownerOf(directory: string, { fileSystem }: InspectPorts): Promise<number | undefined> {
  try {
    const file = await fileSystem.openForRead(joinPath(directory, 'LOCK'));
    try {
      const bytes = new Uint8Array(1024);
      const count = await file.read(bytes, 0);
      const owner = JSON.parse(new TextDecoder().decode(bytes.subarray(0, count))) as {
        readonly pid?: unknown;
      } | null;
      return typeof owner?.pid === 'number' ? owner.pid : undefined;
    } finally {
      await file.close();
    }
  } catch {
    return undefined;
  }
}
