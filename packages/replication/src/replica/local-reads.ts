import { type ErrorCode, isKvError } from '@kv/errors';
import { physicalMs, type Timestamp } from '@kv/hlc';
import { hashKey, type RecordView, type StoredRecord } from '@kv/storage';

import { type ReadAnswers, sameAnswer } from './answers.js';
import { type LocalGuard, startable } from './local-guard.js';
import type { LocalReplicaPorts } from './local-ports.js';
import { LocalReadAnswers, Sights } from './local-read-answers.js';
import type {
  DigestOperation,
  DigestReply,
  PartitionDigest,
  ReadBatch,
  ReadOperation,
  ReadReply,
  ScanOperation,
  ScanReply,
} from './replica.js';

/**
 * What a local copy shows. Every reply waits for the durability of what it shows (rule 7), so that a crash takes back
 * nothing that was told.
 */
export class LocalReads {
  readonly #ports: LocalReplicaPorts;
  readonly #guard: LocalGuard;

  constructor(ports: LocalReplicaPorts, guard: LocalGuard) {
    this.#ports = ports;
    this.#guard = guard;
  }

  async read({ key, at, signal, deadlineMs }: ReadOperation): Promise<ReadReply> {
    const answers = await this.readBatch({ keys: [key], wantValue: wanted, at, signal, deadlineMs });
    return answers.answerAt(0) as ReadReply;
  }

  async readBatch(batch: ReadBatch): Promise<ReadAnswers> {
    startable(batch);
    const { keys, at } = batch;
    const refusal = this.#guard.mergeReader(at);
    if (refusal !== undefined) return sameAnswer(this.#guard.refuse(refusal));
    const sights = this.#look(keys);
    // Only what was read before the wait is shown: a record that came in since may not be durable itself.
    const failure = await this.#shown(at, sights);
    if (failure !== undefined) sights.hideRecords(failure);
    // They may have become suspect while they waited.
    if (!this.#guard.isCertain) this.#refuseSuspects(sights);
    return new LocalReadAnswers(sights, batch.wantValue, this.#guard.facts());
  }

  async scanPartition(operation: ScanOperation): Promise<ScanReply> {
    startable(operation);
    const { partition, rebuild } = operation;
    const guard = this.#guard;
    const refusal =
      guard.outOfRange(partition) ?? guard.refusalOf(partition) ?? guard.mergeReader(operation.at);
    if (refusal !== undefined) return guard.refuse(refusal);
    if (rebuild !== true && guard.abstains(partition, 'read')) return guard.refuse('unavailable');
    try {
      const { page, more } = this.#collect(operation);
      if (guard.decisions.replyWaits()) for (const { position } of page) await guard.shown(position);
      await this.#keepMerged(
        operation.at,
        page.map(({ record }) => record),
      );
      const suspect = guard.abstains(partition, 'proof');
      if (rebuild !== true && suspect) return guard.refuse('unavailable');
      const records = page.map(({ record }) => record).filter((record) => !this.#hides(record));
      return { kind: 'page', records, more, suspect, ...guard.facts() };
    } catch (error) {
      return guard.refuse(codeOf(error));
    }
  }

  async digest(operation: DigestOperation): Promise<DigestReply> {
    startable(operation);
    const guard = this.#guard;
    try {
      const digests = operation.partitions.map((partition) => this.#digest(partition));
      if (guard.decisions.replyWaits()) await guard.shown(this.#ports.engine.appended);
      return { kind: 'digests', digests, ...guard.facts() };
    } catch (error) {
      return guard.refuse(codeOf(error));
    }
  }

  #digest(partition: number): PartitionDigest {
    const guard = this.#guard;
    const code = guard.outOfRange(partition) ?? guard.refusalOf(partition);
    if (code !== undefined) return { kind: 'refused', code };
    const words = guard.decisions.digest(this.#ports.engine, partition);
    return { kind: 'digest', words, suspect: guard.abstains(partition, 'proof') };
  }

  #look(keys: readonly Uint8Array[]): Sights {
    const { engine } = this.#ports;
    const sights = new Sights(hashesOf(keys));
    // One key waits no longer for itself than for a hint.
    let fetched = keys.length === 1 ? 1 : 0;
    for (let index = 0; index < keys.length; index += 1) {
      if (index === fetched) fetched = engine.fetchAhead(sights.keyHashes, index);
      this.#lookAt(keys[index]!, index, sights);
    }
    return sights;
  }

  #lookAt(key: Uint8Array, index: number, sights: Sights): void {
    const { engine, clock } = this.#ports;
    const guard = this.#guard;
    const keyHash = sights.keyHashes[index]!;
    const partition = guard.partitionOf(keyHash);
    const refusal =
      guard.refusalOf(partition) ?? (guard.abstains(partition, 'read') ? 'unavailable' : undefined);
    if (refusal !== undefined) {
      sights.refuse(index, refusal);
      return;
    }
    try {
      const stored = engine.get(key, keyHash);
      if (stored !== undefined && !guard.decisions.hidesExpired(stored.record, clock.nowMs())) {
        sights.see(index, stored);
      }
    } catch (error) {
      sights.refuse(index, codeOf(error));
    }
  }

  /** @returns why nothing may be shown, if so */
  async #shown(at: Timestamp, sights: Sights): Promise<ErrorCode | undefined> {
    const { last } = sights;
    if (last === undefined) return undefined;
    try {
      if (this.#guard.decisions.replyWaits()) await this.#guard.shown(last);
      await this.#keepMerged(at, sights.records);
      return undefined;
    } catch (error) {
      return codeOf(error);
    }
  }

  #refuseSuspects(sights: Sights): void {
    for (const [index, keyHash] of sights.keyHashes.entries()) {
      const partition = this.#guard.partitionOf(keyHash);
      if (this.#guard.abstains(partition, 'read')) sights.refuse(index, 'unavailable');
    }
  }

  #hides(record: RecordView): boolean {
    return this.#guard.decisions.hidesExpired(record, this.#ports.clock.nowMs());
  }

  /**
   * Rule 16 lets a reader call a record expired because a quorum merged its time, so that no later reader finds it live
   * again. A merged time that lies ahead of the wall clock is lost in a crash, unless the durable ceiling covers it.
   * It matters for a record that expires in just that gap: rare, so the ceiling is written then and only then.
   */
  async #keepMerged(at: Timestamp, shown: readonly (RecordView | undefined)[]): Promise<void> {
    const { hlc, clock, engine } = this.#ports;
    const keptMs = Math.max(physicalMs(hlc.ceiling()), clock.nowMs());
    const mergedMs = physicalMs(at);
    const isInGap = (expiresAtMs: number): boolean => expiresAtMs > keptMs && expiresAtMs <= mergedMs;
    if (mergedMs <= keptMs || !shown.some((record) => isInGap(record?.expiresAtMs ?? 0))) return;
    await engine.persistCeiling(at);
    hlc.ceilingPersisted(at);
  }

  #collect(operation: ScanOperation): { page: StoredRecord[]; more: boolean } {
    const { partition, prefix, after, limit, bytesMax } = operation;
    const page: StoredRecord[] = [];
    let bytes = 0;
    const from = { prefix, after: after.length === 0 ? undefined : after };
    for (const stored of this.#ports.engine.scanPartition(partition, from)) {
      bytes += stored.record.bytes.length;
      if (page.length > 0 && (page.length >= limit || bytes > bytesMax)) return { page, more: true };
      page.push(stored);
    }
    return { page, more: false };
  }
}

function hashesOf(keys: readonly Uint8Array[]): Uint32Array {
  const hashes = new Uint32Array(keys.length);
  for (let index = 0; index < keys.length; index += 1) hashes[index] = hashKey(keys[index]!);
  return hashes;
}

/** Of a batch of one. */
const wanted = Uint8Array.of(1);

function codeOf(error: unknown): ErrorCode {
  return isKvError(error) ? error.code : 'internal';
}
