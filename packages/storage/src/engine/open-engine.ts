import { zeroTimestamp } from '@kv/hlc';

import type { Damage } from './damage.js';
import { beginLog, naming, openDirectory, releaseOldFiles } from '../recovery/data-directory.js';
import type { RecoveryReport, StorageEngine } from './engine.js';
import { FileLog } from '../log/file-log.js';
import { createFileSnapshots } from '../snapshot/file-snapshots.js';
import { LocalEngine } from './local-engine.js';
import { memoryBytesMaxDefault } from '../system/machine-memory.adapter.js';
import type { LogFile } from '../log/log-file.js';
import type { ManifestFile } from '../recovery/manifest.js';
import { createMemoryLog } from '../log/memory-log.js';
import { type EngineOptions, type ResolvedEngineOptions, resolveEngineOptions } from '../options.js';
import type { DirectoryLock, EnginePorts, Logger } from '../ports.js';
import { recover, type Recovered } from '../recovery/recovery.js';
import { RecordTable } from './record-table.js';
import { createNoSnapshots } from '../snapshot/snapshots.js';

/**
 * Opens a data directory, creating it if need be, and recovers what it holds. The directory is this engine's alone until
 * `close()`.
 *
 * @throws TypeError, or KvError `invalid-argument` (an option, permissions), `unavailable` (another process has the
 * directory), `corrupt` (it is of another program, or a newer version), `disk-full`. Damaged records do not prevent opening: see
 * `damagedPartitions`
 */
export async function openEngine(options: EngineOptions, ports: EnginePorts): Promise<StorageEngine> {
  const resolved = resolveEngineOptions(options, { memoryBytesMax: memoryBytesMaxDefault });
  return resolved.directory === ':memory:' ? openInMemory(resolved, ports) : openInDirectory(resolved, ports);
}

function openInMemory(options: ResolvedEngineOptions, ports: EnginePorts): StorageEngine {
  return new LocalEngine(
    {
      ...options,
      table: new RecordTable(options.partitions),
      log: createMemoryLog(),
      snapshots: createNoSnapshots(),
      damagedPartitions: new Set(),
      newestTimestamp: zeroTimestamp,
      recovery: { records: 0, cutBytes: 0, damage: [] },
      release: () => Promise.resolve(),
    },
    { clock: ports.clock, timers: ports.timers, logger: ports.logger },
  );
}

async function openInDirectory(options: ResolvedEngineOptions, ports: EnginePorts): Promise<StorageEngine> {
  const { fileSystem, logger } = ports;
  const { directory, partitions } = options;
  const { lock, manifest } = await openDirectory(fileSystem, options, logger);
  try {
    const place = { fileSystem, directory, partitions };
    const { recovered, file } = await naming(`cannot recover ${directory}`, async () => {
      const recovered = await recover({ fileSystem, directory, manifest: manifest.current });
      const file = await beginLog(place, manifest, recovered);
      const { damage, damagedFiles } = recovered;
      // A damaged chain may be missed less with the one before it at hand.
      if (damage.partitions.size === 0) {
        await releaseOldFiles(fileSystem, { directory, manifest: manifest.current, damagedFiles });
      }
      return { recovered, file };
    });
    tell(logger, directory, recovered);
    const engine = assemble(options, ports, { lock, manifest, recovered, file });
    if (options.acceptDamage) await acceptDamage(engine, recovered.damage);
    return engine;
  } catch (error) {
    await lock.release();
    throw error;
  }
}

/** The marks go with the files that they are about: both are replaced by a snapshot of what is left. */
async function acceptDamage(engine: LocalEngine, damage: Damage): Promise<void> {
  if (damage.partitions.size === 0) return;
  damage.clear();
  try {
    await engine.snapshot();
  } catch (error) {
    await engine.close().catch(() => undefined);
    throw error;
  }
}

interface OpenedParts {
  readonly lock: DirectoryLock;
  readonly manifest: ManifestFile;
  readonly recovered: Recovered;
  readonly file: LogFile;
}

function assemble(
  options: ResolvedEngineOptions,
  ports: EnginePorts,
  { lock, manifest, recovered, file }: OpenedParts,
): LocalEngine {
  const { fileSystem, clock, timers, logger } = ports;
  const { directory, partitions } = options;
  const { table, damage, damagedFiles, newestTimestamp, ceiling } = recovered;
  const log = new FileLog(
    {
      ...options,
      place: { fileSystem, directory, partitions },
      manifest,
      file,
      olderBytes: olderBytes(recovered, file),
      ceiling,
    },
    { timers, logger, onFatal: (error) => ports.onFatal?.(error) },
  );
  const snapshots = createFileSnapshots({
    ...{ fileSystem, clock, timers, directory, table, log, manifest, damagedFiles },
    damagedPartitions: damage.partitions,
    bytes: recovered.snapshotBytes,
    newestTimestamp: () => engine.newestTimestamp,
  });
  const engine: LocalEngine = new LocalEngine(
    {
      ...options,
      ...{ table, log, snapshots, newestTimestamp },
      damagedPartitions: damage.partitions,
      recovery: reportOf(recovered),
      release: () => lock.release(),
    },
    { clock, timers, logger },
  );
  return engine;
}

function reportOf({ records, cutBytes, damage }: Recovered): RecoveryReport {
  return { records, cutBytes, damage: damage.reasons };
}

function olderBytes(recovered: Recovered, file: LogFile): Map<number, number> {
  const bytes = new Map<number, number>();
  for (const { sequence, end } of recovered.logs)
    if (sequence < file.sequence) bytes.set(sequence, end.wholeBytes);
  return bytes;
}

function tell(logger: Logger | undefined, directory: string, recovered: Recovered): void {
  const { records, cutBytes, damage } = recovered;
  logger?.info({ directory, records }, 'data directory opened');
  if (cutBytes > 0) logger?.info({ directory, cutBytes }, 'the log ended within a batch never synced: cut');
  if (damage.partitions.size === 0) return;
  logger?.error(
    { directory, partitions: damage.partitions.size, reasons: damage.reasons },
    'records may be lost: these partitions are not served',
  );
}
