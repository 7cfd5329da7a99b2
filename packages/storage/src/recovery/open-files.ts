import { isKvError } from '@kv/errors';

import { backUp } from '../backup/back-up.js';
import type { RecoveryReport } from '../engine/engine.js';
import { GroupCommitLog } from '../log/group-commit.js';
import { LogFiles } from '../log/log-files.js';
import type { WriteAheadLog } from '../log/write-ahead-log.js';
import type { RecordMemory, RecoverySegment } from '../memory/record-memory.js';
import type { ResolvedEngineOptions } from '../options.js';
import type { EnginePorts, Logger } from '../ports.js';
import { createDirectorySnapshots } from '../snapshot/directory-snapshots.js';
import type { Snapshots } from '../snapshot/snapshots.js';
import { isSystemError } from '../system/file-errors.js';
import { inChain, type ManifestFile } from './manifest.js';
import { releaseOldFiles } from './old-files.js';
import type { Tidy } from './record-walk.js';
import { replay, type Replayed } from './replay.js';
import { createSuspectMarks, type SuspectMarks } from './suspect-marks.js';
import { naming, takeDirectory, unlessFull } from './take-directory.js';

/** The part of an engine that is on the disk. */
export interface EngineFiles {
  readonly log: WriteAheadLog;
  readonly snapshots: Snapshots;
  readonly suspects: SuspectMarks;
  readonly recovery: RecoveryReport;
  /** Files with damage are still part of what the next opening reads: a snapshot takes their place. */
  readonly damaged: boolean;
  readonly manifest: ManifestFile;
  /** See `StorageEngine.backup`. `beforeSlice` throws to give up. */
  backup(directory: string, beforeSlice: () => void): Promise<void>;
  /** After the log was closed: notes that nothing is in the system's cache only, and gives the directory free. */
  release(outcome: { readonly synced: boolean }): Promise<void>;
}

export interface EngineMemory {
  readonly memory: RecordMemory;
  /** Takes a verified record in as if it had just been applied. */
  readonly append: (segment: RecoverySegment, offset: number, length: number) => void;
  readonly tidy?: Tidy;
}

/**
 * Opens a data directory and reads what it holds into the memory.
 *
 * @throws TypeError, or KvError `invalid-argument` (an option, permissions), `unavailable` (another process has the
 * directory), `corrupt` (it is of another program, or a newer version)
 */
export async function openFiles(
  options: ResolvedEngineOptions,
  ports: EnginePorts,
  into: EngineMemory,
): Promise<EngineFiles> {
  const { fileSystem, logger } = ports;
  const { directory } = options;
  const { lock, manifest, names } = await takeDirectory(fileSystem, options, logger);
  let opened = false;
  try {
    const files = await naming(`cannot recover ${directory}`, async () => {
      const { timers } = ports;
      const crash = crashOfTheMachine(manifest, options, ports.bootId);
      into.memory.raiseNewest(manifest.current.newestTimestamp);
      const found = await replay({ fileSystem, timers, directory, manifest: manifest.current, ...into });
      if (crash !== undefined) found.damage.addAll(crash);
      tell(logger, directory, found);
      const loss = lossOf(manifest, found);
      const onFatal = (error: Error): void => {
        // While opening, it is the opening that fails.
        if (opened) ports.onFatal?.(error);
      };
      const files = assemble(options, { ...ports, onFatal }, { manifest, found, loss, into });
      // A damaged chain may be missed less with the one before it at hand.
      if (found.damage.partitions.size > 0) await loss.note().catch(unlessFull);
      else await releaseOldFiles({ fileSystem, directory }, manifest.current, names).catch(unlessFull);
      await writeAgain(files.log, into.memory);
      opened = true;
      return files;
    });
    return {
      ...files,
      get damaged() {
        return manifest.current.quarantine.some((name) => inChain(manifest.current, name));
      },
      manifest,
      backup: (to, beforeSlice) =>
        backUp({
          ...{ fileSystem, directory: to, timers: ports.timers, beforeSlice, memory: into.memory },
          ...{ log: files.log, suspects: files.suspects, retainTombstones: options.retainTombstones },
        }),
      async release({ synced }) {
        try {
          if (synced && options.durability !== 'always') await manifest.update({ running: null });
        } finally {
          await lock.release();
        }
      },
    };
  } catch (error) {
    await lock.release();
    throw error;
  }
}

function assemble(
  options: ResolvedEngineOptions,
  ports: EnginePorts,
  {
    manifest,
    found,
    loss,
    into: { memory },
  }: {
    readonly manifest: ManifestFile;
    readonly found: Replayed;
    readonly loss: Loss;
    readonly into: EngineMemory;
  },
): Pick<EngineFiles, 'log' | 'snapshots' | 'suspects' | 'recovery'> {
  const { fileSystem, clock, timers, logger } = ports;
  const { directory, partitions, durability } = options;
  const place = { fileSystem, directory, partitions };
  const run = { durability, boot: ports.bootId ?? '' };
  const { lastBatch, syncedThrough: continuesAfter, logBytes: olderBytes } = found;
  const files = new LogFiles({
    ...{ place, manifest, run, lastBatch, continuesAfter, olderBytes },
    beforeFirst: () => loss.note(),
  });
  const log = new GroupCommitLog(
    { ...options, ceiling: found.ceiling },
    { source: memory, files, timers, logger, onFatal: (error) => ports.onFatal?.(error) },
  );
  const snapshots = createDirectorySnapshots({
    ...{ place, clock, timers, memory, log, manifest },
    bytes: found.snapshotBytes,
  });
  const { records, cutBytes, damage } = found;
  return {
    log,
    snapshots,
    suspects: createSuspectMarks(options, manifest, damage.partitions),
    recovery: { records, cutBytes, damage: damage.reasons },
  };
}

interface Loss {
  /** Durable when it resolves. Does nothing after that: it would bring back marks that were taken away since. */
  note(): Promise<void>;
}

/**
 * Each loss begins a new incarnation (protocol rule 15), durable together with the marks and before anything else is
 * touched. Damage found again before a snapshot took its place is no new loss.
 */
function lossOf(manifest: ManifestFile, { damage, damagedFiles }: Replayed): Loss {
  const { suspect, incarnation, quarantine } = manifest.current;
  const union = new Set([...suspect, ...damage.partitions]);
  let noted = union.size === suspect.length;
  return {
    async note() {
      if (noted) return;
      await manifest.update({
        suspect: [...union].sort((a, b) => a - b),
        incarnation: incarnation + 1,
        quarantine: [...new Set([...quarantine, ...damagedFiles])],
      });
      noted = true;
    },
  };
}

/** What was found beyond the last sync goes to a new file before it is told to anybody, if there is room for it. */
async function writeAgain(log: WriteAheadLog, memory: RecordMemory): Promise<void> {
  if (memory.untakenBytes === 0) return;
  try {
    await log.sync();
  } catch (error) {
    if (isKvError(error) && error.code === 'disk-full') return;
    // What the system said, rather than that nothing is acknowledged any more.
    throw isKvError(error) && isSystemError(error.cause) ? error.cause : error;
  }
}

/**
 * What ended the last run, if it may have taken what the operating system had not written yet. A single copy has to live
 * with that: it was told what its durability means.
 */
function crashOfTheMachine(
  { current: { running } }: ManifestFile,
  { damage }: ResolvedEngineOptions,
  bootId: string | undefined,
): string | undefined {
  if (damage !== 'rebuild' || running === null || running.durability === 'always') return undefined;
  if (bootId !== undefined && running.boot === bootId) return undefined;
  return `the machine stopped while durability was '${running.durability}'`;
}

function tell(logger: Logger | undefined, directory: string, { records, cutBytes, damage }: Replayed): void {
  logger?.info({ directory, records }, 'data directory opened');
  if (cutBytes > 0) logger?.info({ directory, cutBytes }, 'the log ended within a batch never synced: cut');
  if (damage.partitions.size === 0 && damage.reasons.length === 0) return;
  logger?.error(
    { directory, partitions: damage.partitions.size, reasons: damage.reasons },
    'records may be lost: these partitions are suspect',
  );
}
