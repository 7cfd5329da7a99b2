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

import { keyBytesMax, valueBytesMax } from '../limits.js';
import {
  type Incarnation,
  type ReadOperation,
  type ReadReply,
  type Refusal,
  type RepairOperation,
  type Replica,
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
}

/** What this member durably knows of the cluster (rule 21). */
export interface LocalView {
  epoch(): number;
  /** Whether this member is an owner of the partition. */
  owns(partition: number): boolean;
  incarnations(): readonly Incarnation[];
}

/**
 * This process's own copy: what its internal service answers with, and what its coordinator asks without a network.
 *
 * Every reply waits for the durability of what it shows (rule 7), so that a crash takes back nothing that was told.
 */
export function createLocalReplica(ports: LocalReplicaPorts): Replica {
  return new LocalReplica(ports);
}

class LocalReplica implements Replica {
  readonly #engine: StorageEngine;
  readonly #hlc: HybridLogicalClock;
  readonly #ports: LocalReplicaPorts;

  constructor(ports: LocalReplicaPorts) {
    this.#ports = ports;
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
    return this.#apply(record, operation.wantPrevious);
  }

  async repair(operation: RepairOperation): Promise<WriteReply> {
    startable(operation);
    const record = intact(operation.record);
    if (record === undefined) return this.#refuse('corrupt');
    // Some replica has admitted this version already. Checking its drift again could keep the replicas apart for ever.
    const refusal = outOfLimits(record) ?? this.#refusalOf(this.#partitionOf(record.keyHash));
    return refusal === undefined ? this.#apply(record, false) : this.#refuse(refusal);
  }

  async read(operation: ReadOperation): Promise<ReadReply> {
    startable(operation);
    const keyHash = hashKey(operation.key);
    const refusal = this.#refusalOf(this.#partitionOf(keyHash)) ?? this.#merge(operation.at);
    if (refusal !== undefined) return this.#refuse(refusal);
    try {
      const stored = this.#engine.get(operation.key, keyHash);
      if (stored === undefined) return { kind: 'absent', ...this.#facts() };
      // Only what was read before the wait is shown: a record that came in since may not be durable itself.
      await this.#shown(stored.position);
      await this.#keepMerged(operation.at, [stored]);
      return { kind: 'found', record: stored.record, ...this.#facts() };
    } catch (error) {
      return this.#refuse(codeOf(error));
    }
  }

  async scanPartition(operation: ScanOperation): Promise<ScanReply> {
    startable(operation);
    const refusal =
      this.#outOfRange(operation.partition) ??
      this.#refusalOf(operation.partition) ??
      this.#merge(operation.at);
    if (refusal !== undefined) return this.#refuse(refusal);
    try {
      const { page, more } = this.#collect(operation);
      for (const { position } of page) await this.#shown(position);
      await this.#keepMerged(operation.at, page);
      return { kind: 'page', records: page.map(({ record }) => record), more, ...this.#facts() };
    } catch (error) {
      return this.#refuse(codeOf(error));
    }
  }

  async #apply(record: RecordView, wantPrevious: boolean): Promise<WriteReply> {
    const result = this.#engine.apply([record])[0];
    if (result === undefined) throw new TypeError('the engine gave no result for a record');
    if (result.kind === 'refused') return this.#refuse(result.code);
    try {
      await this.#shown(result.position);
    } catch (error) {
      // It was appended, and may yet turn out durable: calling this a refusal would be a lie (rule 12).
      throw new ReplicaUnreachable('appended, but not known to be durable', { sent: true, cause: error });
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
    if (!this.#ports.view.owns(partition)) return 'wrong-epoch';
    return this.#engine.suspectPartitions.has(partition) ? 'corrupt' : undefined;
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
