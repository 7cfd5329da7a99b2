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
export { createFaultyFileSystem, type Fault, type FaultyFileSystem } from './faulty-file-system.js';
export {
  createMemoryFileSystem,
  type CrashOptions,
  type MemoryFileSystem,
  type MemoryFileSystemOptions,
} from './memory-file-system.js';
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
