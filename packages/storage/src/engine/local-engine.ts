import { isKvError, KvError } from '@kv/errors';
import type { Timestamp } from '@kv/hlc';

import { Admission } from './admission.js';
import { RecordApplier } from './apply-records.js';
import type {
  ApplyOptions,
  ApplyResults,
  EngineStats,
  LogPosition,
  RefusalCode,
  ScanOptions,
  StorageEngine,
  StoredRecord,
} from './engine.js';
import { Losses } from './losses.js';
import { Maintenance } from './maintenance.js';
import { scanKeys } from './scan-keys.js';
import { idleDeadBytesMax, idleDeadShare } from '../limits.js';
import type { WriteAheadLog } from '../log/write-ahead-log.js';
import { Cleaner } from '../memory/cleaner.js';
import { ExpirySweep } from '../memory/expiry-sweep.js';
import { fetchedAhead } from '../memory/fetch-ahead.js';
import { KeyOrders } from '../memory/key-orders.js';
import { KeyRange } from '../memory/key-range.js';
import { KeyView } from '../memory/key-view.js';
import type { Found, Moment } from '../memory/moment.js';
import { Moments } from '../memory/moments.js';
import { wordOf } from '../memory/segment.js';
import type { SegmentedMemory } from '../memory/segmented-memory.js';
import type { ResolvedEngineOptions } from '../options.js';
import type { Clock, Logger, Timers } from '../ports.js';
import type { RecordView } from '../record/record.js';
import { partitionOfHash } from '../record/record.js';
import type { EngineFiles } from '../recovery/open-files.js';
import { toFileError } from '../system/file-errors.js';

export type LocalEngineOptions = Pick<
  ResolvedEngineOptions,
  'damage' | 'memoryBytesMax' | 'snapshotIntervalMs'
>;

export type LocalEngineFiles = Omit<EngineFiles, 'manifest'>;

export interface LocalEngineParts {
  readonly memory: SegmentedMemory;
  readonly files: LocalEngineFiles;
}

export interface LocalEnginePorts {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly logger: Logger | undefined;
}

/** Records in memory, a log, and snapshots: decides what is taken in, leaves bytes to the memory and files to theirs. */
export class LocalEngine implements StorageEngine {
  readonly partitions: number;
  readonly memory: SegmentedMemory;
  readonly #files: LocalEngineFiles;
  readonly #log: WriteAheadLog;
  readonly #memoryBytesMax: number;
  readonly #orders: KeyOrders;
  readonly #moments: Moments;
  readonly #admission: Admission;
  readonly #applier: RecordApplier;
  readonly #maintenance: Maintenance;
  readonly #losses: Losses;
  /** Partitions that are neither read nor written. */
  readonly #refused: ReadonlySet<number>;
  #closing: Promise<void> | undefined;

  constructor(options: LocalEngineOptions, { memory, files }: LocalEngineParts, ports: LocalEnginePorts) {
    const { memoryBytesMax, snapshotIntervalMs, damage } = options;
    const { log, snapshots, suspects } = files;
    this.partitions = memory.partitions;
    this.memory = memory;
    this.#files = files;
    this.#log = log;
    this.#memoryBytesMax = memoryBytesMax;
    this.#orders = new KeyOrders(memory);
    this.#moments = new Moments(memory);
    this.#losses = new Losses(files, { snapshot: () => this.snapshot() });
    this.#refused = damage === 'refuse' ? suspects.partitions : new Set();
    const cleaner = new Cleaner(memory, {
      deadBytesMin: Math.min(memoryBytesMax * idleDeadShare, idleDeadBytesMax),
    });
    const sweep = memory.retainTombstones ? undefined : new ExpirySweep(memory);
    this.#admission = new Admission({
      ...{ memory, moments: this.#moments, cleaner, sweep, log, memoryBytesMax },
      clock: ports.clock,
    });
    const { logger } = ports;
    this.#applier = new RecordApplier({ memory, admission: this.#admission, refused: this.#refused, logger });
    this.#maintenance = new Maintenance({
      ...{ memory, cleaner, sweep, log, snapshots, snapshotIntervalMs },
      ...ports,
    });
  }

  // --- writing

  apply(records: Uint8Array | readonly RecordView[], options?: ApplyOptions): ApplyResults {
    const results = this.#applier.apply(records, options);
    this.#log.kick();
    this.#maintenance.appended();
    return results;
  }

  /**
   * For the only writer of a store: whether a record of the key that is loaded into the memory may be appended, as far as
   * that does not depend on room. Allocates nothing.
   */
  refusalOf(keyHash: number): RefusalCode | undefined {
    if (this.#closing !== undefined) return 'closed';
    const state = this.#admission.stateRefusal();
    if (this.#refused.size === 0 || state === 'closed' || state === 'internal') return state;
    return this.#refused.has(partitionOfHash(keyHash >>> 0, this.partitions)) ? 'corrupt' : state;
  }

  /** So many more bytes of records fit, whatever they replace. */
  isRoomyFor(bytes: number): boolean {
    return this.#admission.isRoomyFor(bytes);
  }

  /** Like `isRoomyFor`, after some tidying up, for records by which what lives grows so much. */
  fits(bytes: number, growth: number): boolean {
    return this.#admission.fits(bytes, growth);
  }

  /** Whoever appended to the memory says so. @returns the promise that it is durable */
  written(): Promise<void> {
    this.#log.kick();
    this.#maintenance.appended();
    return this.#log.durable(this.memory.appended);
  }

  /** What was appended expires. */
  expiryNoted(): void {
    this.#maintenance.expiryNoted();
  }

  durable(position: LogPosition): Promise<void> {
    return this.#log.durable(position);
  }

  isDurable(position: LogPosition): boolean {
    return this.#log.isDurable(position);
  }

  get appended(): LogPosition {
    return this.memory.appended;
  }

  get logSequence(): number {
    return this.#log.sequence;
  }

  // --- reading

  get(key: Uint8Array, keyHash?: number): StoredRecord | undefined {
    const location = this.find(key, keyHash);
    if (location === 0) return undefined;
    return { record: this.memory.viewAt(location), position: this.memory.positionAt(location) };
  }

  peek(key: Uint8Array): RecordView | undefined {
    const location = this.find(key);
    return location === 0 ? undefined : this.memory.segmentAt(location).recordAt(wordOf(location) << 2);
  }

  /** The location of a key's record, 0 if there is none. @throws like `get` */
  find(key: Uint8Array, keyHash?: number): number {
    this.memory.loadKey(key, keyHash);
    return this.findLoaded();
  }

  fetchAhead(keyHashes: Uint32Array, start: number): number {
    const { ahead } = this.memory;
    const end = Math.min(start + fetchedAhead, keyHashes.length);
    for (let index = start; index < end; index += 1) ahead.add(keyHashes[index]! | 0);
    ahead.fetch();
    return end;
  }

  /** The same of the key that was loaded last into the memory. */
  findLoaded(): number {
    this.#throwUnlessServed();
    return this.memory.findLoaded();
  }

  /** The same as of a moment. */
  findLoadedAt(moment: Moment): Found | undefined {
    this.#throwUnlessServed();
    return moment.findLoaded();
  }

  /** Everything as it is now, to be read while writes go on. */
  moment(): Moment {
    this.throwIfClosed();
    return this.#moments.now();
  }

  scanPartition(partition: number, options: ScanOptions = {}): Iterable<StoredRecord> {
    this.#check(partition);
    return scanKeys(this.memory, () => this.#orders.ofPartition(partition), new KeyRange(options));
  }

  /** The records of a moment in order. @throws KvError `corrupt` if a partition is not served */
  viewAt(moment: Moment, options: ScanOptions): KeyView {
    this.throwIfClosed();
    for (const partition of this.#refused) this.#throwIfRefused(partition);
    return new KeyView(moment, () => this.#orders.whole(), new KeyRange(options));
  }

  digest(partition: number): Uint32Array {
    this.#check(partition);
    if (this.memory.digests === undefined) {
      throw new KvError('invalid-argument', 'digests are kept with retainTombstones only');
    }
    return this.memory.digests.of(partition);
  }

  // --- losses

  get suspectPartitions(): ReadonlySet<number> {
    return this.#files.suspects.partitions;
  }

  get incarnation(): number {
    return this.#files.suspects.incarnation;
  }

  async markSuspect(partitions: Iterable<number>): Promise<void> {
    await this.#losses.mark(this.#checked(partitions));
  }

  async clearSuspect(partitions: Iterable<number>): Promise<void> {
    await this.#losses.clear(this.#checked(partitions));
  }

  async beginIncarnation(incarnation: number): Promise<void> {
    this.throwIfClosed();
    await this.#losses.begin(incarnation);
  }

  // --- the rest

  get newestTimestamp(): Timestamp {
    return this.memory.newestTimestamp;
  }

  get ceiling(): Timestamp {
    return this.#log.ceiling;
  }

  persistCeiling(ceiling: Timestamp): Promise<void> {
    return this.#log.persistCeiling(ceiling);
  }

  async snapshot(): Promise<void> {
    this.throwIfClosed();
    try {
      await this.#files.snapshots.take();
    } catch (error) {
      throw isKvError(error) ? error : toFileError(error, 'cannot write a snapshot');
    }
  }

  async backup(directory: string): Promise<void> {
    this.throwIfClosed();
    await this.#files.backup(directory, () => {
      this.throwIfClosed();
    });
  }

  stats(): EngineStats {
    const { memory } = this;
    const { snapshots, recovery } = this.#files;
    return {
      keys: memory.keys,
      tombstones: memory.tombstones,
      suspectPartitions: this.suspectPartitions.size,
      memoryBytes: memory.bytes + this.#orders.bytes + this.#moments.bytes,
      memoryBytesMax: this.#memoryBytesMax,
      snapshotBytes: snapshots.bytes,
      lastSnapshotAtMs: snapshots.lastAtMs,
      appended: memory.appendedRecords,
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

  throwIfClosed(): void {
    if (this.#closing !== undefined) throw new KvError('closed', 'the store was closed');
  }

  async #close(): Promise<void> {
    this.#maintenance.stop();
    await this.#files.snapshots.stop();
    let synced = false;
    try {
      await this.#log.close();
      synced = this.#log.state.kind === 'closed';
    } finally {
      await this.#files.release({ synced });
    }
  }

  /** Of the key that is loaded. */
  #throwUnlessServed(): void {
    this.throwIfClosed();
    if (this.#refused.size === 0) return;
    this.#throwIfRefused(partitionOfHash(this.memory.key.hash >>> 0, this.partitions));
  }

  #checked(partitions: Iterable<number>): number[] {
    this.throwIfClosed();
    const checked = [...partitions];
    for (const partition of checked) this.#throwUnlessPartition(partition);
    return checked;
  }

  #check(partition: number): void {
    this.throwIfClosed();
    this.#throwUnlessPartition(partition);
    this.#throwIfRefused(partition);
  }

  #throwUnlessPartition(partition: number): void {
    if (Number.isInteger(partition) && partition >= 0 && partition < this.partitions) return;
    throw new KvError('invalid-argument', `partition ${partition} is not below ${this.partitions}`);
  }

  #throwIfRefused(partition: number): void {
    if (!this.#refused.has(partition)) return;
    throw new KvError('corrupt', `partition ${partition} may have lost records: it is not served`);
  }
}
