import { type ErrorCode, hasCode, isKvError } from '@kv/errors';
import { type HybridLogicalClock, physicalMs, type Timestamp, zeroTimestamp } from '@kv/hlc';
import {
  type LogPosition,
  partitionOfHash,
  hashKey,
  readRecord,
  type RecordView,
  type StorageEngine,
  type StoredRecord,
} from '@kv/storage';

import { type Decisions, type ReplicaPart, soundDecisions } from '../decisions.js';
import { keyBytesMax, valueBytesMax } from '../limits.js';
import {
  type ComparableReplica,
  type DigestOperation,
  type DigestReply,
  type Incarnation,
  type PartitionDigest,
  type ReadOperation,
  type ReadReply,
  type Refusal,
  type RepairOperation,
  ReplicaUnreachable,
  type ReplyFacts,
  type ScanOperation,
  type ScanReply,
  type WriteOperation,
  type WriteReply,
} from './replica.js';

export interface LocalReplicaPorts {
  readonly engine: StorageEngine;
  readonly hlc: HybridLogicalClock;
  /** Unix milliseconds. */
  readonly clock: { nowMs(): number };
  readonly view: LocalView;
  /** Default: the sound ones. */
  readonly decisions?: Decisions | undefined;
  readonly observer?: ReplicaObserver | undefined;
}

/** For histories: what a replica did that no client sees. */
export interface ReplicaObserver {
  /** The record was taken in, be it durable or not. `repair`: by a write-back, a repair or a rebuild. */
  applied?(event: { readonly record: RecordView; readonly repair: boolean }): void;
}

/** What this member durably knows of the cluster (rule 21). */
export interface LocalView {
  epoch(): number;
  /** Whether this member is an owner of the partition. */
  owns(partition: number): boolean;
  /** Of members that ever lost data, this one included; the others' are 1 (rule 15). */
  incarnations(): readonly Incarnation[];
  /** Whether peers confirmed that no newer data directory of this member exists (rule 15). Default: they did. */
  isAdmitted?(): boolean;
}

/**
 * This process's own copy: what its internal service answers with, and what its coordinator asks without a network.
 *
 * Every reply waits for the durability of what it shows (rule 7), so that a crash takes back nothing that was told.
 */
export function createLocalReplica(ports: LocalReplicaPorts): ComparableReplica {
  return new LocalReplica(ports);
}

class LocalReplica implements ComparableReplica {
  readonly #engine: StorageEngine;
  readonly #hlc: HybridLogicalClock;
  readonly #ports: LocalReplicaPorts;
  readonly #decisions: Decisions;

  constructor(ports: LocalReplicaPorts) {
    this.#ports = ports;
    this.#decisions = ports.decisions ?? soundDecisions;
    this.#engine = ports.engine;
    this.#hlc = ports.hlc;
  }

  async write(operation: WriteOperation): Promise<WriteReply> {
    startable(operation);
    const record = intact(operation.record);
    if (record === undefined) return this.#refuse('corrupt');
    const refusal =
      outOfLimits(record) ??
      this.#refusalOf(this.#partitionOf(record.keyHash)) ??
      this.#merge(record.version.timestamp);
    if (refusal !== undefined) return this.#refuse(refusal);
    return this.#apply(record, { repair: false, wantPrevious: operation.wantPrevious });
  }

  async repair(operation: RepairOperation): Promise<WriteReply> {
    startable(operation);
    const record = intact(operation.record);
    if (record === undefined) return this.#refuse('corrupt');
    // Some replica has admitted this version already. Checking its drift again could keep the replicas apart for ever.
    const refusal = outOfLimits(record) ?? this.#refusalOf(this.#partitionOf(record.keyHash));
    if (refusal !== undefined) return this.#refuse(refusal);
    if (this.#decisions.repairMergesClock()) this.#merge(record.version.timestamp);
    return this.#apply(record, { repair: true, wantPrevious: false });
  }

  async read(operation: ReadOperation): Promise<ReadReply> {
    startable(operation);
    const keyHash = hashKey(operation.key);
    const partition = this.#partitionOf(keyHash);
    const refusal = this.#refusalOf(partition) ?? this.#mergeReader(operation.at);
    if (refusal !== undefined) return this.#refuse(refusal);
    if (this.#abstains(partition, 'read')) return this.#refuse('unavailable');
    try {
      const stored = this.#engine.get(operation.key, keyHash);
      if (stored === undefined) return { kind: 'absent', ...this.#facts() };
      // Only what was read before the wait is shown: a record that came in since may not be durable itself.
      if (this.#decisions.replyWaits()) await this.#shown(stored.position);
      await this.#keepMerged(operation.at, [stored]);
      // It may have become suspect while it waited.
      if (this.#abstains(partition, 'read')) return this.#refuse('unavailable');
      if (this.#hides(stored.record)) return { kind: 'absent', ...this.#facts() };
      return { kind: 'found', record: stored.record, ...this.#facts() };
    } catch (error) {
      return this.#refuse(codeOf(error));
    }
  }

  async scanPartition(operation: ScanOperation): Promise<ScanReply> {
    startable(operation);
    const { partition, rebuild } = operation;
    const refusal =
      this.#outOfRange(partition) ?? this.#refusalOf(partition) ?? this.#mergeReader(operation.at);
    if (refusal !== undefined) return this.#refuse(refusal);
    if (rebuild !== true && this.#abstains(partition, 'read')) return this.#refuse('unavailable');
    try {
      const { page, more } = this.#collect(operation);
      if (this.#decisions.replyWaits()) for (const { position } of page) await this.#shown(position);
      await this.#keepMerged(operation.at, page);
      const suspect = this.#abstains(partition, 'proof');
      if (rebuild !== true && suspect) return this.#refuse('unavailable');
      const records = page.map(({ record }) => record).filter((record) => !this.#hides(record));
      return { kind: 'page', records, more, suspect, ...this.#facts() };
    } catch (error) {
      return this.#refuse(codeOf(error));
    }
  }

  async digest(operation: DigestOperation): Promise<DigestReply> {
    startable(operation);
    try {
      const digests = operation.partitions.map((partition) => this.#digest(partition));
      if (this.#decisions.replyWaits()) await this.#shown(this.#engine.appended);
      return { kind: 'digests', digests, ...this.#facts() };
    } catch (error) {
      return this.#refuse(codeOf(error));
    }
  }

  #digest(partition: number): PartitionDigest {
    const code = this.#outOfRange(partition) ?? this.#refusalOf(partition);
    if (code !== undefined) return { kind: 'refused', code };
    const words = this.#decisions.digest(this.#engine, partition);
    return { kind: 'digest', words, suspect: this.#abstains(partition, 'proof') };
  }

  async #apply(
    arrived: RecordView,
    { repair, wantPrevious }: { readonly repair: boolean; readonly wantPrevious: boolean },
  ): Promise<WriteReply> {
    const { recordKept, acknowledgementWaits } = this.#decisions;
    const record = recordKept(arrived, this.#hlc);
    if (!repair && this.#skips(record)) return { kind: 'already', ...this.#facts() };
    const result = this.#engine.apply([record])[0];
    if (result === undefined) throw new TypeError('the engine gave no result for a record');
    if (result.kind === 'refused') return this.#refuse(result.code);
    if (result.kind === 'stored') this.#ports.observer?.applied?.({ record, repair });
    try {
      if (acknowledgementWaits()) await this.#shown(result.position);
    } catch (error) {
      // It was appended, and may yet turn out durable: calling this a refusal would be a lie (rule 12).
      throw new ReplicaUnreachable('appended, but not known to be durable', { sent: true, cause: error });
    }
    // Judged after the wait: what it says now, it says as the incarnation that its facts name.
    const part = repair ? 'write-back-ack' : 'write-ack';
    if (this.#abstains(this.#partitionOf(record.keyHash), part)) {
      return { kind: 'abstained', ...this.#facts() };
    }
    switch (result.kind) {
      case 'stored':
        return { kind: 'stored', previous: wantPrevious ? result.previous : undefined, ...this.#facts() };
      case 'already':
        return { kind: 'already', ...this.#facts() };
      case 'newer': {
        const previous = wantPrevious ? result.newer : undefined;
        return { kind: 'newer', version: result.newer.version, previous, ...this.#facts() };
      }
    }
  }

  /** Rules 6, 10: neither the key's absence nor a known operation makes a write unnecessary. */
  #skips(record: RecordView): boolean {
    const { writesTombstone, knowsOperation } = this.#decisions;
    const held = (): RecordView | undefined => this.#engine.get(record.key, record.keyHash)?.record;
    return (record.tombstone && !writesTombstone(held)) || knowsOperation(record, held);
  }

  #hides(record: RecordView): boolean {
    return this.#decisions.hidesExpired(record, this.#ports.clock.nowMs());
  }

  /** Rule 14: this copy may have lost records of the partition, or may be an old one altogether (rule 15). */
  #abstains(partition: number, part: ReplicaPart): boolean {
    const isCertain =
      !this.#engine.suspectPartitions.has(partition) && this.#ports.view.isAdmitted?.() !== false;
    return this.#decisions.abstains(!isCertain, part);
  }

  /** Waits until what stands at this position may be told to others (rule 7). */
  async #shown(position: LogPosition): Promise<void> {
    if (!this.#engine.isDurable(position)) await this.#engine.durable(position);
  }

  /**
   * Rule 16 lets a reader call a record expired because a quorum merged its time, so that no later reader finds it live
   * again. A merged time that lies ahead of the wall clock is lost in a crash, unless the durable ceiling covers it.
   * It matters for a record that expires in just that gap: rare, so the ceiling is written then and only then.
   */
  async #keepMerged(at: Timestamp, shown: readonly StoredRecord[]): Promise<void> {
    const keptMs = Math.max(physicalMs(this.#hlc.ceiling()), this.#ports.clock.nowMs());
    const mergedMs = physicalMs(at);
    const isInGap = ({ record: { expiresAtMs } }: StoredRecord) =>
      expiresAtMs > keptMs && expiresAtMs <= mergedMs;
    if (mergedMs <= keptMs || !shown.some(isInGap)) return;
    await this.#engine.persistCeiling(at);
    this.#hlc.ceilingPersisted(at);
  }

  #collect(operation: ScanOperation): { page: StoredRecord[]; more: boolean } {
    const { partition, prefix, after, limit, bytesMax } = operation;
    const page: StoredRecord[] = [];
    let bytes = 0;
    const from = { prefix, after: after.length === 0 ? undefined : after };
    for (const stored of this.#engine.scanPartition(partition, from)) {
      bytes += stored.record.bytes.length;
      if (page.length > 0 && (page.length >= limit || bytes > bytesMax)) return { page, more: true };
      page.push(stored);
    }
    return { page, more: false };
  }

  #partitionOf(keyHash: number): number {
    return partitionOfHash(keyHash, this.#engine.partitions);
  }

  #outOfRange(partition: number): ErrorCode | undefined {
    const isInRange = Number.isInteger(partition) && partition >= 0 && partition < this.#engine.partitions;
    return isInRange ? undefined : 'invalid-argument';
  }

  #refusalOf(partition: number): ErrorCode | undefined {
    return this.#ports.view.owns(partition) ? undefined : 'wrong-epoch';
  }

  #mergeReader(at: Timestamp): ErrorCode | undefined {
    return this.#decisions.mergesReadTime() ? this.#merge(at) : undefined;
  }

  /** Takes another process's time into the clock, or says why not (rules 1, 16). */
  #merge(time: Timestamp): ErrorCode | undefined {
    try {
      this.#hlc.receive(time);
      return undefined;
    } catch (error) {
      if (hasCode(error, 'clock-drift')) return 'clock-drift';
      throw error;
    }
  }

  #refuse(code: ErrorCode): Refusal & ReplyFacts {
    return { kind: 'refused', code, ...this.#facts() };
  }

  #facts(): ReplyFacts {
    const { view } = this.#ports;
    return {
      hlcTime: this.#time(),
      purgeFloor: zeroTimestamp,
      epoch: view.epoch(),
      incarnations: view.incarnations(),
    };
  }

  /** A clock that is out of its range altogether must not turn a refusal, or a stored write, into an exception. */
  #time(): Timestamp {
    try {
      return this.#hlc.current();
    } catch {
      return this.#hlc.ceiling();
    }
  }
}

/** Work that nobody waits for is not started; nothing was handed over then. */
function startable({ signal }: { readonly signal?: AbortSignal }): void {
  if (signal?.aborted === true) {
    throw new ReplicaUnreachable('given up before it began', { sent: false, cause: signal.reason });
  }
}

function intact(bytes: Uint8Array): RecordView | undefined {
  try {
    const record = readRecord(bytes);
    return record.bytes.length === bytes.length ? record : undefined;
  } catch (error) {
    if (hasCode(error, 'corrupt')) return undefined;
    throw error;
  }
}

/**
 * A coordinator checks what it stamps. One that does not must not plant a record that no client can name or delete, or
 * that exceeds what replies are sized for: repairs would then carry it to every owner.
 */
function outOfLimits({ key, value }: RecordView): ErrorCode | undefined {
  const isWithin = key.length > 0 && key.length <= keyBytesMax && value.length <= valueBytesMax;
  return isWithin ? undefined : 'invalid-argument';
}

function codeOf(error: unknown): ErrorCode {
  return isKvError(error) ? error.code : 'internal';
}
