// Time.
export { createManualClock, type ManualClock, type ManualClockOptions } from './manual-clock.js';
export { createManualTimers, type AdvanceableClock, type ManualTimers } from './manual-timers.js';

// Randomness.
export { createSeededRandom, type SeededRandom } from './seeded-random.js';

// Logs.
export {
  createRecordingLogger,
  type LogEntry,
  type LogLevel,
  type RecordingLogger,
} from './recording-logger.js';

// Files.
export {
  createFaultyFileSystem,
  type Fault,
  type FaultEffect,
  type FaultyFileSystem,
  type FaultyFileSystemPorts,
} from './faulty-file-system.js';
export {
  createMemoryFileSystem,
  type AfterOperation,
  type CrashOptions,
  type KeepWhere,
  type MemoryFileSystem,
  type MemoryFileSystemOptions,
} from './memory-file-system.js';
export { keepAll, type CrashPoint, type UnsyncedChange } from './crash-point.js';
export { sectorBytes } from './sector.js';
export {
  fileSystemContract,
  type FileSystemContractCase,
  type FileSystemSubject,
} from './file-system-contract.js';
export {
  FileSystemError,
  type DirectoryLockShape,
  type FileOperation,
  type FileOperationKind,
  type FileSystemShape,
  type ReadableFileShape,
  type WritableFileShape,
} from './file-system-shape.js';
