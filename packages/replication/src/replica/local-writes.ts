import { type ErrorCode, hasCode } from '@kv/errors';
import { type ApplyResults, type RecordFacts, readRecord, readRecords, type RecordView } from '@kv/storage';

import { type WriteAnswers, writeAnswersOf } from './answers.js';
import { bitAt, hasBits } from './bits.js';
import { soundDecisions } from '../decisions.js';
import { keyBytesMax, valueBytesMax } from '../limits.js';
import type { LocalGuard } from './local-guard.js';
import { startable } from './local-guard.js';
import type { LocalReplicaPorts } from './local-ports.js';
import { LocalWriteAnswers, replyTo } from './local-write-answers.js';
import {
  type RepairBatch,
  type RepairOperation,
  ReplicaUnreachable,
  type WriteBatch,
  type WriteOperation,
  type WriteReply,
} from './replica.js';

/** How a local copy takes records in. An acknowledgement waits for the durability of what it tells (rules 1, 7). */
export class LocalWrites {
  readonly #ports: LocalReplicaPorts;
  readonly #guard: LocalGuard;

  constructor(ports: LocalReplicaPorts, guard: LocalGuard) {
    this.#ports = ports;
    this.#guard = guard;
  }

  async write(operation: WriteOperation): Promise<WriteReply> {
    startable(operation);
    const record = intact(operation.record);
    if (record === undefined) return this.#guard.refuse('corrupt');
    const refusal = this.#gate(factsOf(record));
    if (refusal !== undefined) return this.#guard.refuse(refusal);
    return this.#apply(record, { repair: false, wantPrevious: operation.wantPrevious });
  }

  async repair(operation: RepairOperation): Promise<WriteReply> {
    startable(operation);
    const record = intact(operation.record);
    if (record === undefined) return this.#guard.refuse('corrupt');
    // Some replica has admitted this version already. Checking its drift again could keep the replicas apart for ever.
    const refusal = this.#placement(factsOf(record));
    if (refusal !== undefined) return this.#guard.refuse(refusal);
    if (this.#guard.decisions.repairMergesClock()) this.#guard.merge(record.version.timestamp);
    return this.#apply(record, { repair: true, wantPrevious: false });
  }

  /** One pass over the records, and one wait for all of them. */
  async writeBatch(batch: WriteBatch): Promise<WriteAnswers> {
    startable(batch);
    // A simulator's bug decides about single records.
    if (this.#guard.decisions !== soundDecisions) return this.#writeEach(batch);
    const { records, wantPrevious, expected } = batch;
    const tellsPrevious = expected !== undefined || hasBits(wantPrevious);
    const results = this.#ports.engine.apply(records, { gate: this.#gate, tellsPrevious, expected });
    this.#observe(records, results);
    const isDurable = await this.#allShown(results);
    // Judged after the wait: what is said now is said as the incarnation that the facts name.
    const facts = this.#guard.facts();
    const abstentions = this.#guard.isCertain ? undefined : this.#abstentions(records);
    return new LocalWriteAnswers({
      results,
      wantPrevious,
      isDurable,
      abstentions,
      facts,
    });
  }

  /** Repairs are few, and each is judged for itself. */
  async repairBatch(batch: RepairBatch): Promise<WriteAnswers> {
    const { deadlineMs } = batch;
    const repairs = readRecords(batch.records).map(({ bytes }) => this.repair({ record: bytes, deadlineMs }));
    return allAnswers(repairs);
  }

  async #writeEach(batch: WriteBatch): Promise<WriteAnswers> {
    const writes = readRecords(batch.records).map((record, index) =>
      this.write({
        record: record.bytes,
        wantPrevious: bitAt(batch.wantPrevious, index),
        deadlineMs: batch.deadlineMs,
      }),
    );
    return allAnswers(writes);
  }

  readonly #gate = (facts: RecordFacts): ErrorCode | undefined =>
    this.#placement(facts) ?? this.#guard.merge(facts.timestamp);

  #placement(facts: RecordFacts): ErrorCode | undefined {
    return outOfLimits(facts) ?? this.#guard.refusalOf(this.#guard.partitionOf(facts.keyHash));
  }

  /** False: what was appended is not known to be durable. */
  async #allShown({ position }: ApplyResults): Promise<boolean> {
    if (position === 0) return true;
    try {
      await this.#guard.shown(position);
      return true;
    } catch {
      return false;
    }
  }

  #observe(records: Uint8Array, results: ApplyResults): void {
    const { observer } = this.#ports;
    if (observer?.applied === undefined) return;
    for (const [index, record] of readRecords(records).entries()) {
      if (results.kindAt(index) === 'stored') observer.applied({ record, repair: false });
    }
  }

  #abstentions(records: Uint8Array): readonly boolean[] {
    return readRecords(records).map(({ keyHash }) =>
      this.#guard.abstains(this.#guard.partitionOf(keyHash), 'write-ack'),
    );
  }

  async #apply(
    arrived: RecordView,
    { repair, wantPrevious }: { readonly repair: boolean; readonly wantPrevious: boolean },
  ): Promise<WriteReply> {
    const guard = this.#guard;
    const { recordKept, acknowledgementWaits } = guard.decisions;
    const record = recordKept(arrived, this.#ports.hlc);
    if (!repair && this.#skips(record)) return { kind: 'already', ...guard.facts() };
    const result = this.#ports.engine.apply([record], { tellsPrevious: wantPrevious }).at(0);
    if (result === undefined) throw new TypeError('the engine gave no result for a record');
    if (result.kind === 'refused') return guard.refuse(result.code);
    if (result.kind === 'stored') this.#ports.observer?.applied?.({ record, repair });
    try {
      if (acknowledgementWaits()) await guard.shown(result.position);
    } catch (error) {
      // It was appended, and may yet turn out durable: calling this a refusal would be a lie (rule 12).
      throw new ReplicaUnreachable('appended, but not known to be durable', { sent: true, cause: error });
    }
    // Judged after the wait, as in a batch.
    const part = repair ? 'write-back-ack' : 'write-ack';
    if (guard.abstains(guard.partitionOf(record.keyHash), part))
      return { kind: 'abstained', ...guard.facts() };
    return replyTo(result, guard.facts(), wantPrevious);
  }

  /** Rules 6, 10: neither the key's absence nor a known operation makes a write unnecessary. */
  #skips(record: RecordView): boolean {
    const { writesTombstone, knowsOperation } = this.#guard.decisions;
    const { engine } = this.#ports;
    const held = (): RecordView | undefined => engine.get(record.key, record.keyHash)?.record;
    return (record.tombstone && !writesTombstone(held)) || knowsOperation(record, held);
  }
}

/** One that failed was appended, and is not known to be durable. */
async function allAnswers(replies: readonly Promise<WriteReply>[]): Promise<WriteAnswers> {
  return writeAnswersOf(await Promise.all(replies.map((reply) => reply.catch(() => undefined))));
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

function factsOf({ key, value, keyHash, version }: RecordView): RecordFacts {
  return { timestamp: version.timestamp, keyHash, keyBytes: key.length, valueBytes: value.length };
}

/**
 * A coordinator checks what it stamps. One that does not must not plant a record that no client can name or delete, or
 * that exceeds what replies are sized for: repairs would then carry it to every owner.
 */
function outOfLimits({ keyBytes, valueBytes }: RecordFacts): ErrorCode | undefined {
  const isWithin = keyBytes > 0 && keyBytes <= keyBytesMax && valueBytes <= valueBytesMax;
  return isWithin ? undefined : 'invalid-argument';
}
