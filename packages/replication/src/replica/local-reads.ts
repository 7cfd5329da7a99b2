import { type ErrorCode, isKvError } from '@kv/errors';
import { physicalMs, type Timestamp } from '@kv/hlc';
import { hashKey, headOf, type LogPosition, type RecordView, type StoredRecord } from '@kv/storage';

import { bitAt } from './bits.js';
import { type LocalGuard, startable } from './local-guard.js';
import type { LocalReplicaPorts } from './local-ports.js';
import type {
  DigestOperation,
  DigestReply,
  HeadReply,
  PartitionDigest,
  ReadBatch,
  ReadOperation,
  ReadReply,
  ReplyFacts,
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
    const [reply] = await this.readBatch({ keys: [key], wantValue: wanted, at, signal, deadlineMs });
    return reply as ReadReply;
  }

  async readBatch(batch: ReadBatch): Promise<readonly (ReadReply | HeadReply)[]> {
    startable(batch);
    const { keys, at } = batch;
    const refusal = this.#guard.mergeReader(at);
    if (refusal !== undefined) return keys.map(() => this.#guard.refuse(refusal));
    const found = keys.map((key) => this.#find(key));
    // Only what was read before the wait is shown: a record that came in since may not be durable itself.
    const failure = await this.#shown(at, found);
    const facts = this.#guard.facts();
    return found.map((sight, index) =>
      this.#replyTo(sight, { failure, facts, whole: bitAt(batch.wantValue, index) }),
    );
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
      await this.#keepMerged(operation.at, page);
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

  #find(key: Uint8Array): Sight {
    const keyHash = hashKey(key);
    const partition = this.#guard.partitionOf(keyHash);
    const refusal = this.#guard.refusalOf(partition);
    if (refusal !== undefined) return { partition, refusal, stored: undefined };
    if (this.#guard.abstains(partition, 'read'))
      return { partition, refusal: 'unavailable', stored: undefined };
    try {
      return { partition, refusal: undefined, stored: this.#ports.engine.get(key, keyHash) };
    } catch (error) {
      return { partition, refusal: codeOf(error), stored: undefined };
    }
  }

  /** @returns why nothing may be shown, if so */
  async #shown(at: Timestamp, sights: readonly Sight[]): Promise<ErrorCode | undefined> {
    let last: LogPosition | undefined;
    for (const { stored } of sights) {
      if (stored !== undefined && (last === undefined || stored.position > last)) last = stored.position;
    }
    if (last === undefined) return undefined;
    try {
      if (this.#guard.decisions.replyWaits()) await this.#guard.shown(last);
      await this.#keepMerged(
        at,
        sights.map(({ stored }) => stored),
      );
      return undefined;
    } catch (error) {
      return codeOf(error);
    }
  }

  #replyTo(
    { stored, partition, refusal }: Sight,
    reply: { readonly failure: ErrorCode | undefined; readonly facts: ReplyFacts; readonly whole: boolean },
  ): ReadReply | HeadReply {
    const { hlcTime, purgeFloor, epoch, incarnations } = reply.facts;
    const code = refusal ?? (stored === undefined ? undefined : reply.failure);
    if (code !== undefined) return { kind: 'refused', code, hlcTime, purgeFloor, epoch, incarnations };
    // It may have become suspect while it waited.
    if (!this.#guard.isCertain && this.#guard.abstains(partition, 'read')) {
      return { kind: 'refused', code: 'unavailable', hlcTime, purgeFloor, epoch, incarnations };
    }
    if (stored === undefined || this.#hides(stored.record)) {
      return { kind: 'absent', hlcTime, purgeFloor, epoch, incarnations };
    }
    const { record } = stored;
    return reply.whole
      ? { kind: 'found', record, hlcTime, purgeFloor, epoch, incarnations }
      : { kind: 'head', head: headOf(record), hlcTime, purgeFloor, epoch, incarnations };
  }

  #hides(record: RecordView): boolean {
    return this.#guard.decisions.hidesExpired(record, this.#ports.clock.nowMs());
  }

  /**
   * Rule 16 lets a reader call a record expired because a quorum merged its time, so that no later reader finds it live
   * again. A merged time that lies ahead of the wall clock is lost in a crash, unless the durable ceiling covers it.
   * It matters for a record that expires in just that gap: rare, so the ceiling is written then and only then.
   */
  async #keepMerged(at: Timestamp, shown: readonly (StoredRecord | undefined)[]): Promise<void> {
    const { hlc, clock, engine } = this.#ports;
    const keptMs = Math.max(physicalMs(hlc.ceiling()), clock.nowMs());
    const mergedMs = physicalMs(at);
    const isInGap = (expiresAtMs: number): boolean => expiresAtMs > keptMs && expiresAtMs <= mergedMs;
    if (mergedMs <= keptMs || !shown.some((stored) => isInGap(stored?.record.expiresAtMs ?? 0))) return;
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

/** What was found for one key, before anything of it may be shown. */
interface Sight {
  readonly partition: number;
  readonly refusal: ErrorCode | undefined;
  readonly stored: StoredRecord | undefined;
}

/** Of a batch of one. */
const wanted = Uint8Array.of(1);

function codeOf(error: unknown): ErrorCode {
  return isKvError(error) ? error.code : 'internal';
}
