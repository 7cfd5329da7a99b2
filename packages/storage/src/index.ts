// The embedded store, for applications.
export { open } from './embedded/open.js';
export type { BatchOperation, KvReads, KvStore, KvView, PutOptions, RangeOptions } from './embedded/store.js';
export type { StoreOptions } from './embedded/store-options.js';
export type { Entries } from './embedded/store-entries.js';
export type { Decoded, Encodable, Encoding } from './embedded/encodings.js';

// The engine, for replication.
export { openEngine } from './engine/open-engine.js';
export type {
  ApplyResult,
  ApplyOptions,
  ApplyResults,
  EngineStats,
  LogPosition,
  RecoveryReport,
  RecordFacts,
  RecordGate,
  RefusalCode,
  ScanOptions,
  StorageEngine,
  StoredRecord,
} from './engine/engine.js';
export { type DamageMode, type Durability, type EngineOptions } from './options.js';
export { digestBuckets } from './memory/digests.js';
export type {
  Clock,
  DirectoryLock,
  EnginePorts,
  FileSystem,
  Logger,
  ReadableFile,
  Timers,
  WritableFile,
} from './ports.js';

// The record format.
export { encodeRecord, recordBytesOf, type RecordFields } from './record/encode-record.js';
export { encodeRecordsInto } from './memory/encode-records.js';
export {
  compareRecords,
  countRecords,
  hashKey,
  copyHead,
  headMatches,
  headTimestamp,
  headOf,
  isExpired,
  partitionOfHash,
  readRecord,
  readRecordHead,
  readRecords,
  type RecordHead,
  recordHeadBytes,
  type RecordView,
} from './record/record.js';

// A data directory, read offline.
export { inspectDirectory, type InspectPorts } from './inspect/inspect-directory.js';
export type {
  DirectoryInspection,
  FileContent,
  FileInspection,
  FileRole,
  InspectedRecord,
  ManifestInspection,
  RecoveryForecast,
} from './inspect/inspection.js';

// The real surroundings.
export { nodeFileSystem } from './system/node-file-system.adapter.js';
export { systemBootId } from './system/boot-id.adapter.js';
export { systemClock, systemTimers, type SystemTimersOptions } from './system/system-ports.adapter.js';
