import { backUp } from '../backup/back-up.js';
import type { LogPosition, StorageEngine } from './engine.js';
import { LocalEngine } from './local-engine.js';
import { createVolatileLog } from '../log/volatile-log.js';
import { Cleaner } from '../memory/cleaner.js';
import { SegmentedMemory } from '../memory/segmented-memory.js';
import { type EngineOptions, type ResolvedEngineOptions, resolveEngineOptions } from '../options.js';
import type { EnginePorts } from '../ports.js';
import { viewRecord } from '../record/record.js';
import { type EngineFiles, openFiles } from '../recovery/open-files.js';
import { createSuspectMarks } from '../recovery/suspect-marks.js';
import { createNoSnapshots } from '../snapshot/snapshots.js';
import { memoryBytesMaxDefault } from '../system/machine-memory.adapter.js';

/**
 * Opens a data directory, creating it if need be, and recovers what it holds. The directory is this engine's alone until
 * `close()`.
 *
 * @throws TypeError, or KvError `invalid-argument` (an option, permissions), `unavailable` (another process has the
 * directory), `corrupt` (it is of another program, or a newer version), `disk-full`. Damaged records do not prevent opening: see
 * `suspectPartitions`
 */
export function openEngine(options: EngineOptions, ports: EnginePorts): Promise<StorageEngine> {
  return openLocalEngine(options, ports);
}

/** The same, with what only this package sees. */
export async function openLocalEngine(options: EngineOptions, ports: EnginePorts): Promise<LocalEngine> {
  const resolved = resolveEngineOptions(options, { memoryBytesMax: memoryBytesMaxDefault });
  const memory = new SegmentedMemory(resolved);
  const { clock, timers, logger } = ports;
  const files =
    resolved.directory === ':memory:'
      ? noFiles(resolved, ports, memory)
      : await filesOf(resolved, ports, memory);
  const engine = new LocalEngine(resolved, { memory, files }, { clock, timers, logger });
  if (resolved.damage === 'accept') await acceptDamage(engine);
  return engine;
}

function filesOf(
  options: ResolvedEngineOptions,
  ports: EnginePorts,
  memory: SegmentedMemory,
): Promise<EngineFiles> {
  // A segment that is half cleaned in the end is left as it is: the engine's own cleaner begins anew.
  const cleaner = new Cleaner(memory);
  const nowMs = ports.clock.nowMs();
  return openFiles(options, ports, {
    memory,
    // What was read is durable; what was appended meanwhile has a position.
    tidy: (bytesMax) => cleaner.clean({ durableUpTo: 0 as LogPosition, nowMs, bytesMax }),
    append(segment, offset, length) {
      const staged = memory.stageVerified(viewRecord(segment.bytes, offset, length));
      memory.offer(staged.segment, staged.start);
    },
  });
}

function noFiles(
  options: ResolvedEngineOptions,
  { fileSystem, timers }: EnginePorts,
  memory: SegmentedMemory,
): Omit<EngineFiles, 'manifest'> {
  const log = createVolatileLog(memory);
  const suspects = createSuspectMarks(options);
  const { retainTombstones } = options;
  return {
    log,
    snapshots: createNoSnapshots(),
    suspects,
    backup: (directory, beforeSlice) =>
      backUp({ fileSystem, timers, directory, memory, log, suspects, retainTombstones, beforeSlice }),
    recovery: { records: 0, cutBytes: 0, damage: [] },
    damaged: false,
    release: () => Promise.resolve(),
  };
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
