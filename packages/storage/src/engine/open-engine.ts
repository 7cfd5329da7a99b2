import { zeroTimestamp } from '@kv/hlc';

import { beginLog, naming, openDirectory, releaseOldFiles } from '../recovery/data-directory.js';
import type { RecoveryReport, StorageEngine } from './engine.js';
import { FileLog } from '../log/file-log.js';
import { createFileSnapshots } from '../snapshot/file-snapshots.js';
import { LocalEngine } from './local-engine.js';
import { memoryBytesMaxDefault } from '../system/machine-memory.adapter.js';
import type { LogFile } from '../log/log-file.js';
import type { Manifest, ManifestFile } from '../recovery/manifest.js';
import { createSuspectMarks } from '../recovery/suspect-marks.js';
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
 * `suspectPartitions`
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
      suspects: createSuspectMarks(options),
      damagedFiles: new Set(),
      newestTimestamp: zeroTimestamp,
      recovery: { records: 0, cutBytes: 0, damage: [] },
      closed: () => Promise.resolve(),
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
      const crash = crashOfTheMachine(manifest.current, options, ports.bootId);
      if (crash !== undefined) recovered.damage.addAll(crash);
      const running = { durability: options.durability, boot: ports.bootId ?? '' };
      const file = await beginLog(place, manifest, recovered, running);
      const { damage, damagedFiles } = recovered;
      // A damaged chain may be missed less with the one before it at hand.
      if (damage.partitions.size === 0) {
        await releaseOldFiles(fileSystem, { directory, manifest: manifest.current, damagedFiles });
      }
      return { recovered, file };
    });
    tell(logger, directory, recovered);
    const engine = assemble(options, ports, { lock, manifest, recovered, file });
    if (options.damage === 'accept') await acceptDamage(engine);
    return engine;
  } catch (error) {
    await lock.release();
    throw error;
  }
}

/**
 * What ended the last run, if it may have taken what the operating system had not written yet. A single copy has to live
 * with that: it was told what its durability means.
 */
function crashOfTheMachine(
  { running }: Manifest,
  { damage }: ResolvedEngineOptions,
  bootId: string | undefined,
): string | undefined {
  if (damage !== 'rebuild' || running === null || running.durability === 'always') return undefined;
  if (bootId !== undefined && running.boot === bootId) return undefined;
  return `the machine stopped while durability was '${running.durability}'`;
}

async function acceptDamage(engine: LocalEngine): Promise<void> {
  if (engine.suspectPartitions.size === 0) return;
  try {
    await engine.clearSuspect(engine.suspectPartitions);
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
  const { table, damagedFiles, newestTimestamp, ceiling } = recovered;
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
    bytes: recovered.snapshotBytes,
    newestTimestamp: () => engine.newestTimestamp,
  });
  const engine: LocalEngine = new LocalEngine(
    {
      ...options,
      ...{ table, log, snapshots, newestTimestamp },
      ...{ suspects: createSuspectMarks(options, manifest), damagedFiles },
      recovery: reportOf(recovered),
      closed: async () => {
        if (options.durability !== 'always') await manifest.update({ running: null });
      },
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
    'records may be lost: these partitions are suspect',
  );
}
