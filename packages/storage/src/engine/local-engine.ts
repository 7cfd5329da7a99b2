import { isKvError, KvError } from '@kv/errors';
import type { Timestamp } from '@kv/hlc';

import type {
  ApplyResult,
  EngineStats,
  LogPosition,
  RecoveryReport,
  RefusalCode,
  ScanOptions,
  StorageEngine,
  StoredRecord,
} from './engine.js';
import { toFileError } from '../system/file-errors.js';
import {
  atomicBatchBytesMax,
  expiryForRoomMsMin,
  snapshotLogBytesMin,
  snapshotLogRatio,
  snapshotRetryMs,
} from '../limits.js';
import type { Log } from '../log/log.js';
import type { Clock, Logger, Timers } from '../ports.js';
import {
  compareRecords,
  copyRecord,
  hashKey,
  isExpired,
  partitionOfHash,
  readRecords,
  type RecordView,
} from '../record/record.js';
import { keyString, memoryBytesOf, type RecordTable } from './record-table.js';
import type { SuspectMarks } from '../recovery/suspect-marks.js';
import { addToDigest, emptyDigest } from './partition-digest.js';
import type { DamageMode } from '../options.js';
import type { Snapshots } from '../snapshot/snapshots.js';
import { SupersededBytes } from '../log/superseded-bytes.js';

export interface LocalEngineParts {
  readonly table: RecordTable;
  readonly log: Log;
  readonly snapshots: Snapshots;
  readonly suspects: SuspectMarks;
  /** Some files of the chain hold damage that a snapshot would not. */
  readonly damagedFiles: ReadonlySet<string>;
  readonly damage: DamageMode;
  readonly newestTimestamp: Timestamp;
  readonly recovery: RecoveryReport;
  readonly retainTombstones: boolean;
  readonly memoryBytesMax: number;
  readonly snapshotIntervalMs: number;
  /** Notes that everything was synced. */
  readonly closed: () => Promise<void>;
  /** Gives the directory free. */
  readonly release: () => Promise<void>;
}

/** Records in memory, a log, and snapshots: decides what is taken in, leaves the files to its parts. */
export class LocalEngine implements StorageEngine {
  readonly partitions: number;
  readonly #parts: LocalEngineParts;
  readonly #table: RecordTable;
  readonly #log: Log;
  readonly #superseded = new SupersededBytes();
  readonly #clock: Clock;
  readonly #timers: Timers;
  readonly #logger: Logger | undefined;
  #newestTimestamp: Timestamp;
  /** On the monotonic clock. */
  #snapshotNotBeforeMs = -Infinity;
  #expiryNotBeforeMs = -Infinity;
  #cancelMaintenance: (() => void) | undefined;
  #closing: Promise<void> | undefined;

  constructor(
    parts: LocalEngineParts,
    ports: { readonly clock: Clock; readonly timers: Timers; readonly logger: Logger | undefined },
  ) {
    this.#parts = parts;
    this.#table = parts.table;
    this.#log = parts.log;
    this.partitions = parts.table.partitions;
    this.#newestTimestamp = parts.newestTimestamp;
    this.#clock = ports.clock;
    this.#timers = ports.timers;
    this.#logger = ports.logger;
    this.#scheduleMaintenance();
  }

  get newestTimestamp(): Timestamp {
    return this.#newestTimestamp;
  }

  get ceiling(): Timestamp {
    return this.#log.ceiling;
  }

  apply(input: Uint8Array | readonly RecordView[]): ApplyResult[] {
    const records = input instanceof Uint8Array ? readRecords(input) : input;
    const results: ApplyResult[] = [];
    for (let start = 0; start < records.length;) {
      let end = start + 1;
      while (end < records.length && records[end - 1]!.batchContinues) end += 1;
      this.#applyGroup(records.slice(start, end), results);
      start = end;
    }
    this.#snapshotIfLogIsLong();
    return results;
  }

  durable(position: LogPosition): Promise<void> {
    return this.#log.durable(position);
  }

  isDurable(position: LogPosition): boolean {
    return this.#log.isDurable(position);
  }

  persistCeiling(ceiling: Timestamp): Promise<void> {
    return this.#log.persistCeiling(ceiling);
  }

  get(key: Uint8Array, keyHash = hashKey(key)): StoredRecord | undefined {
    this.#throwIfClosed();
    this.#throwIfRefused(partitionOfHash(keyHash, this.partitions));
    return this.#table.get(keyHash, keyString(key));
  }

  scanPartition(partition: number, options: ScanOptions = {}): Iterable<StoredRecord> {
    this.#throwIfClosed();
    this.#throwUnlessPartition(partition);
    this.#throwIfRefused(partition);
    return this.#table.scan(partition, options);
  }

  get suspectPartitions(): ReadonlySet<number> {
    return this.#parts.suspects.partitions;
  }

  get incarnation(): number {
    return this.#parts.suspects.incarnation;
  }

  get logSequence(): number {
    return this.#log.sequence;
  }

  get appended(): LogPosition {
    return this.#log.appended;
  }

  async markSuspect(partitions: Iterable<number>): Promise<void> {
    this.#throwIfClosed();
    const marked = [...partitions];
    marked.forEach((partition) => this.#throwUnlessPartition(partition));
    await this.#noting(this.#parts.suspects.mark(marked));
  }

  async clearSuspect(partitions: Iterable<number>): Promise<void> {
    this.#throwIfClosed();
    const cleared = [...partitions];
    cleared.forEach((partition) => this.#throwUnlessPartition(partition));
    const clear = this.#parts.suspects.clear(cleared);
    await this.#noting(this.#log.sync());
    // Or the next opening would find the damage again, and take it for another loss.
    if (this.#parts.damagedFiles.size > 0 && this.#parts.snapshots.lastAtMs === 0) await this.snapshot();
    await this.#noting(clear());
  }

  async beginIncarnation(incarnation: number): Promise<void> {
    this.#throwIfClosed();
    if (!Number.isSafeInteger(incarnation) || incarnation <= this.incarnation) {
      throw new KvError('invalid-argument', `incarnation ${incarnation} is not above ${this.incarnation}`);
    }
    await this.#noting(this.#parts.suspects.begin(incarnation));
  }

  digest(partition: number): Uint32Array {
    this.#throwIfClosed();
    this.#throwUnlessPartition(partition);
    this.#throwIfRefused(partition);
    const digest = emptyDigest();
    for (const [, { record }] of this.#table.entries(partition)) addToDigest(digest, record.bytes);
    return digest;
  }

  async snapshot(): Promise<void> {
    this.#throwIfClosed();
    try {
      await this.#parts.snapshots.take();
    } catch (error) {
      throw isKvError(error) ? error : toFileError(error, 'cannot write a snapshot');
    }
  }

  stats(): EngineStats {
    const { snapshots, memoryBytesMax, recovery } = this.#parts;
    return {
      keys: this.#table.keys,
      tombstones: this.#table.tombstones,
      suspectPartitions: this.suspectPartitions.size,
      memoryBytes: this.#table.bytes + this.#superseded.current(this.#log.written),
      memoryBytesMax,
      snapshotBytes: snapshots.bytes,
      lastSnapshotAtMs: snapshots.lastAtMs,
      ...this.#log.stats(),
      recovery,
    };
  }

  close(): Promise<void> {
    if (this.#closing === undefined) {
      this.#closing = this.#close();
      this.#closing.catch(() => undefined);
    }
    return this.#closing;
  }

  #applyGroup(group: readonly RecordView[], results: ApplyResult[]): void {
    const code = this.#refusalOf(group);
    if (code !== undefined) {
      for (let index = 0; index < group.length; index += 1) results.push({ kind: 'refused', code });
      return;
    }
    const appended: StoredRecord[] = [];
    const first = this.#log.appended + 1;
    for (const record of group)
      results.push(this.#applyOne(record, (first + appended.length) as LogPosition, appended));
    if (appended.length > 0) this.#log.append(appended.map((stored) => stored.record.bytes));
  }

  #applyOne(record: RecordView, position: LogPosition, appended: StoredRecord[]): ApplyResult {
    const key = keyString(record.key);
    const present = this.#table.get(record.keyHash, key);
    if (present !== undefined) {
      const order = compareRecords(record, present.record);
      if (order === 0) return { kind: 'already', position: present.position };
      if (isSameVersion(record, present.record)) {
        this.#logger?.error(
          { version: record.version, partition: partitionOfHash(record.keyHash, this.partitions) },
          'two different records have the same version: a data directory was copied, or its node number given twice',
        );
      }
      if (order < 0) return { kind: 'newer', position: present.position, newer: present.record };
      if (!this.#log.isDurable(present.position)) {
        this.#superseded.add(memoryBytesOf(present.record), this.#log);
      }
    }
    const stored = { record: copyRecord(record), position };
    appended.push(stored);
    if (record.tombstone && !this.#parts.retainTombstones) this.#table.delete(record.keyHash, key);
    else this.#table.set(key, stored);
    const { timestamp } = record.version;
    if (timestamp > this.#newestTimestamp) this.#newestTimestamp = timestamp;
    return { kind: 'stored', position, previous: present?.record };
  }

  /** Decides for a whole atomic batch before any of it is applied. */
  #refusalOf(group: readonly RecordView[]): RefusalCode | undefined {
    const { state } = this.#log;
    if (this.#closing !== undefined || state.kind === 'closed') return 'closed';
    if (state.kind === 'failed') return 'internal';
    for (const record of group) {
      if (this.#refused(partitionOfHash(record.keyHash, this.partitions))) return 'corrupt';
    }
    if (state.kind === 'full') return 'disk-full';
    if (this.#fits(group)) return undefined;
    return this.#dropExpiredForRoom() && this.#fits(group) ? undefined : 'memory-full';
  }

  #fits(group: readonly RecordView[]): boolean {
    let bytes = 0;
    let growth = 0;
    let puts = 0;
    for (const record of group) {
      const present = this.#table.get(record.keyHash, keyString(record.key))?.record;
      // What is here already, or older than what is, needs no room and is not refused.
      if (present !== undefined && compareRecords(record, present) <= 0) continue;
      growth += memoryBytesOf(record) - (present === undefined ? 0 : memoryBytesOf(present));
      bytes += record.bytes.length;
      if (!record.tombstone) puts += 1;
    }
    // Deletes must get through: they are how memory is freed.
    if (puts === 0) return true;
    const used = this.#table.bytes + this.#superseded.current(this.#log.written);
    return used + growth <= this.#parts.memoryBytesMax && bytes <= atomicBatchBytesMax;
  }

  #snapshotIfLogIsLong(): void {
    const { snapshots } = this.#parts;
    if (snapshots.running || this.#log.state.kind !== 'open') return;
    if (this.#clock.monotonicMs() < this.#snapshotNotBeforeMs) return;
    const { logBytes } = this.#log.stats();
    if (logBytes <= snapshotLogBytesMin || logBytes <= snapshotLogRatio * this.#table.recordBytes) return;
    this.#snapshotInBackground();
  }

  #snapshotInBackground(): void {
    this.snapshot().catch((error: unknown) => {
      if (this.#closing !== undefined) return;
      this.#logger?.error({ err: error }, 'a snapshot failed; the log stays');
      this.#snapshotNotBeforeMs = this.#clock.monotonicMs() + snapshotRetryMs;
    });
  }

  #scheduleMaintenance(): void {
    const { snapshotIntervalMs } = this.#parts;
    if (snapshotIntervalMs === 0) return;
    this.#cancelMaintenance = this.#timers.after(snapshotIntervalMs, () => {
      this.#scheduleMaintenance();
      this.#dropExpiredInTurns(0, () => {
        if (!this.#parts.snapshots.covered && this.#log.state.kind === 'open') this.#snapshotInBackground();
      });
    });
  }

  #dropExpiredInTurns(partition: number, done: () => void): void {
    if (this.#closing !== undefined) return;
    if (this.#parts.retainTombstones || partition === this.partitions) {
      done();
      return;
    }
    this.#dropExpired(partition);
    this.#timers.nextTurn(() => this.#dropExpiredInTurns(partition + 1, done));
  }

  /** @returns whether it looked: not again and again while refusals follow each other */
  #dropExpiredForRoom(): boolean {
    const nowMs = this.#clock.monotonicMs();
    if (this.#parts.retainTombstones || nowMs < this.#expiryNotBeforeMs) return false;
    this.#expiryNotBeforeMs = nowMs + expiryForRoomMsMin;
    for (let partition = 0; partition < this.partitions; partition += 1) this.#dropExpired(partition);
    return true;
  }

  /** Only in an engine that is the only copy: a replica would get the record back from another. */
  #dropExpired(partition: number): void {
    const nowMs = this.#clock.nowMs();
    for (const [key, { record }] of this.#table.entries(partition)) {
      if (isExpired(record, nowMs)) this.#table.delete(record.keyHash, key);
    }
  }

  async #close(): Promise<void> {
    this.#cancelMaintenance?.();
    await this.#parts.snapshots.stop();
    try {
      await this.#log.close();
      await this.#parts.closed();
    } finally {
      await this.#parts.release();
    }
  }

  #throwIfClosed(): void {
    if (this.#closing !== undefined) throw new KvError('closed', 'the store was closed');
  }

  async #noting(change: Promise<void>): Promise<void> {
    try {
      await change;
    } catch (error) {
      throw isKvError(error) ? error : toFileError(error, 'cannot note suspect partitions');
    }
  }

  #refused(partition: number): boolean {
    return this.#parts.damage === 'refuse' && this.suspectPartitions.has(partition);
  }

  #throwUnlessPartition(partition: number): void {
    if (Number.isInteger(partition) && partition >= 0 && partition < this.partitions) return;
    throw new KvError('invalid-argument', `partition ${partition} is not below ${this.partitions}`);
  }

  #throwIfRefused(partition: number): void {
    if (!this.#refused(partition)) return;
    throw new KvError('corrupt', `partition ${partition} may have lost records: it is not served`);
  }
}

function isSameVersion(a: RecordView, b: RecordView): boolean {
  const [x, y] = [a.version, b.version];
  return x.timestamp === y.timestamp && x.node === y.node;
}
