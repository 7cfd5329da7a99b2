import { KvError } from '@kv/errors';
import type { Timestamp } from '@kv/hlc';

import { DurabilityWaiters } from './durability-waiters.js';
import type { LogPosition } from '../engine/engine.js';
import { isDiskFull } from '../system/file-errors.js';
import { diskFullRetryMsMax, diskFullRetryMsMin, logBatchBytesMax, logFileBytesMax } from '../limits.js';
import type { Log, LogState, LogStats } from './log.js';
import { type Batch, LogFile, type LogFilePlace } from './log-file.js';
import { LogQueue, type Taken } from './log-queue.js';
import type { ManifestFile } from '../recovery/manifest.js';
import type { Durability } from '../options.js';
import type { Logger, Timers } from '../ports.js';

export interface FileLogOptions {
  readonly place: LogFilePlace;
  readonly manifest: ManifestFile;
  readonly durability: Durability;
  readonly durabilityIntervalMs: number;
  /** The file to go on in: created by this run, never one that was found. */
  readonly file: LogFile;
  /** Bytes in each older file that belongs on top of the snapshot, by sequence. */
  readonly olderBytes: ReadonlyMap<number, number>;
  readonly ceiling: Timestamp;
}

export interface FileLogPorts {
  readonly timers: Timers;
  readonly logger: Logger | undefined;
  readonly onFatal: (error: Error) => void;
}

/**
 * The write-ahead log.
 *
 * Group commit: records gather in a queue; whenever no write is under way, all of the queue becomes one batch, written
 * and (durability `always`) synced, and only then the next is begun. So there is one writer and one write in flight,
 * batches lie in the file in the order of their sequence, and a sync is shared by everything that arrived during the one
 * before.
 *
 * Three things end a file: it is long; a snapshot begins; or a write found the disk full. After any error a file is never
 * written again, as nobody knows what of it is on the disk: the next file begins with the very batch that failed.
 * A failed sync ends everything (the system may have dropped the pages and report success next time): see
 * "Can Applications Recover from fsync Failures?", USENIX ATC 2020.
 */
export class FileLog implements Log {
  readonly #place: LogFilePlace;
  readonly #manifest: ManifestFile;
  readonly #durability: Durability;
  readonly #intervalMs: number;
  readonly #ports: FileLogPorts;
  readonly #queue = new LogQueue();
  readonly #waiters = new DurabilityWaiters();
  readonly #fileBytes: Map<number, number>;
  #file: LogFile;
  #state: LogState = { kind: 'open' };
  #appended = 0 as LogPosition;
  #written = 0 as LogPosition;
  #records = 0;
  #recordsWritten = 0;
  #batches = 0;
  #sequence: number;
  #syncs = 0;
  /** The largest asked for, and the largest that is durable. */
  #ceilingWanted: Timestamp;
  #ceiling: Timestamp;
  /** Whatever touches the file goes through here, one after the other. */
  #last: Promise<unknown> = Promise.resolve();
  #flushing = false;
  #retryMs = diskFullRetryMsMin;
  #cancelRetry: (() => void) | undefined;
  #cancelSync: (() => void) | undefined;

  constructor(options: FileLogOptions, ports: FileLogPorts) {
    this.#place = options.place;
    this.#manifest = options.manifest;
    this.#durability = options.durability;
    this.#intervalMs = options.durabilityIntervalMs;
    this.#file = options.file;
    this.#sequence = options.file.nextBatch - 1;
    this.#fileBytes = new Map(options.olderBytes);
    this.#ceiling = options.ceiling;
    this.#ceilingWanted = options.ceiling;
    this.#ports = ports;
  }

  get state(): LogState {
    return this.#state;
  }

  get appended(): LogPosition {
    return this.#appended;
  }

  get written(): LogPosition {
    return this.#written;
  }

  get sequence(): number {
    return this.#sequence;
  }

  get ceiling(): Timestamp {
    return this.#ceiling;
  }

  append(records: readonly Uint8Array[]): LogPosition {
    let bytes = 0;
    for (const record of records) bytes += record.length;
    this.#records += records.length;
    return this.#push(records, bytes, records.length);
  }

  isDurable(position: LogPosition): boolean {
    return position <= this.#written;
  }

  durable(position: LogPosition): Promise<void> {
    if (this.isDurable(position)) return Promise.resolve();
    const refusal = this.#refusal();
    if (refusal !== undefined) return quietRejection(refusal);
    return this.#waiters.wait(position);
  }

  persistCeiling(ceiling: Timestamp): Promise<void> {
    if (ceiling <= this.#ceiling) return Promise.resolve();
    const refusal = this.#refusal();
    if (refusal !== undefined) return quietRejection(refusal);
    if (ceiling > this.#ceilingWanted) this.#ceilingWanted = ceiling;
    return this.durable(this.#push([], 0, 1));
  }

  async rotate(): Promise<{ readonly sequence: number; readonly firstBatch: number }> {
    return this.#exclusive(async () => {
      this.#throwUnlessOpen();
      await this.#nextFile();
      return { sequence: this.#file.sequence, firstBatch: this.#file.firstBatch };
    });
  }

  async sync(): Promise<void> {
    await this.durable(this.#appended);
    await this.#exclusive(async () => {
      this.#throwUnlessOpen();
      await this.#syncFile();
    });
  }

  release(below: number): void {
    for (const sequence of this.#fileBytes.keys()) if (sequence < below) this.#fileBytes.delete(sequence);
  }

  stats(): LogStats {
    let logBytes = this.#file.bytes;
    for (const bytes of this.#fileBytes.values()) logBytes += bytes;
    return {
      logBytes,
      appended: this.#records,
      durable: this.#recordsWritten,
      batches: this.#batches,
      syncs: this.#syncs,
    };
  }

  async close(): Promise<void> {
    this.#cancelRetry?.();
    this.#cancelSync?.();
    await this.#exclusive(async () => {
      const failedBefore = this.#state.kind === 'failed';
      while (this.#state.kind === 'open' && !this.#queue.empty) await this.#flushBatch();
      // There may be room by now, and no later chance.
      await this.#resume();
      try {
        if (!failedBefore) {
          // Not synced again after a failure: that one's success would be nothing to build on.
          if (this.#state.kind === 'failed') throw this.#state.error;
          await this.#syncFile();
          if (!this.#queue.empty) throw diskFullAtClose();
        }
      } finally {
        this.#cancelRetry?.();
        this.#cancelSync?.();
        if (this.#state.kind !== 'failed') this.#state = { kind: 'closed' };
        this.#waiters.rejectAll(closed());
        await this.#file.close().catch(() => undefined);
      }
    });
  }

  #push(records: readonly Uint8Array[], bytes: number, positions: number): LogPosition {
    this.#appended = (this.#appended + positions) as LogPosition;
    this.#queue.push({ records, bytes, position: this.#appended });
    this.#kick();
    return this.#appended;
  }

  #kick(): void {
    if (this.#flushing || this.#state.kind !== 'open') return;
    this.#flushing = true;
    // Not at once: what else this turn of the event loop brings shares the batch.
    this.#ports.timers.nextTurn(() => {
      void this.#exclusive(async () => {
        while (this.#state.kind === 'open' && !this.#queue.empty) await this.#flushBatch();
        this.#flushing = false;
      });
    });
  }

  /** Never throws: what goes wrong changes the state and rejects who waits. */
  async #flushBatch(): Promise<void> {
    const { groups, records, position } = this.#queue.take(logBatchBytesMax);
    const ceiling = this.#ceilingWanted;
    try {
      await this.#file.write({ records, ceiling });
    } catch (error) {
      this.#queue.putBack(groups);
      this.#writeFailed(error);
      return;
    }
    try {
      if (this.#durability === 'always') await this.#syncFile();
      else this.#syncLater();
    } catch {
      return; // It has ended everything already.
    }
    // A snapshot's sync may have failed meanwhile: then this one's success is nothing to build on.
    if (this.#refusal() !== undefined) return;
    this.#batches += 1;
    this.#retryMs = diskFullRetryMsMin;
    this.#progress(position, records.length, ceiling);
    if (this.#file.bytes < logFileBytesMax) return;
    try {
      await this.#nextFile();
    } catch {
      // Likewise.
    }
  }

  #progress(position: LogPosition, records: number, ceiling: Timestamp): void {
    this.#written = position;
    this.#sequence = this.#file.nextBatch - 1;
    this.#recordsWritten += records;
    if (ceiling > this.#ceiling) this.#ceiling = ceiling;
    this.#waiters.resolveUpTo(position);
  }

  async #syncFile(): Promise<void> {
    if (!this.#file.dirty) return;
    try {
      this.#syncs += 1;
      await this.#file.sync();
    } catch (error) {
      throw this.fail(error, 'a sync of the log failed');
    }
  }

  #syncLater(): void {
    if (this.#durability !== 'interval' || this.#cancelSync !== undefined) return;
    this.#cancelSync = this.#ports.timers.after(this.#intervalMs, () => {
      this.#cancelSync = undefined;
      void this.#exclusive(async () => {
        if (this.#state.kind === 'open') await this.#syncFile().catch(() => undefined);
      });
    });
  }

  /** Goes on in a new file. Whatever prevents it has changed the state by the time this throws. */
  async #nextFile(): Promise<void> {
    await this.#syncFile();
    try {
      await this.#replaceFile(await this.#createNext([]));
    } catch (error) {
      this.#writeFailed(error);
      throw error;
    }
  }

  /** The new file is durable and named by the manifest before anything that it holds is acknowledged. */
  async #createNext(batches: readonly Batch[]): Promise<LogFile> {
    const sequence = this.#file.sequence + 1;
    const file = await LogFile.create(this.#place, { sequence, firstBatch: this.#file.nextBatch }, batches);
    try {
      await this.#manifest.update({ logLast: sequence });
    } catch (error) {
      await file.close().catch(() => undefined);
      throw error;
    }
    return file;
  }

  async #replaceFile(next: LogFile): Promise<void> {
    const previous = this.#file;
    this.#fileBytes.set(previous.sequence, previous.bytes);
    this.#file = next;
    await previous.close().catch(() => undefined);
  }

  #writeFailed(error: unknown): void {
    if (this.#state.kind !== 'open' && this.#state.kind !== 'full') return;
    if (!isDiskFull(error)) {
      this.fail(error, 'a write to the log failed');
      return;
    }
    if (this.#state.kind === 'open') {
      this.#ports.logger?.error({ err: error }, 'the disk is full: writes are refused until there is room');
    }
    this.#state = { kind: 'full' };
    this.#waiters.rejectAll(diskFull());
    this.#cancelRetry = this.#ports.timers.after(this.#retryMs, () => {
      void this.#exclusive(() => this.#resume());
    });
    this.#retryMs = Math.min(this.#retryMs * 2, diskFullRetryMsMax);
  }

  /** Writes what the full disk did not take to a new file; if that succeeds, everything is as before. */
  async #resume(): Promise<void> {
    if (this.#state.kind !== 'full') return;
    const ceiling = this.#ceilingWanted;
    const taken: Taken[] = [];
    while (!this.#queue.empty) taken.push(this.#queue.take(logBatchBytesMax));
    try {
      // What the old file took before is acknowledged at the levels that do not wait for a sync.
      await this.#syncFile();
      await this.#replaceFile(await this.#createNext(taken.map(({ records }) => ({ records, ceiling }))));
    } catch (error) {
      this.#queue.putBack(taken.flatMap(({ groups }) => groups));
      this.#writeFailed(error);
      return;
    }
    this.#state = { kind: 'open' };
    this.#ports.logger?.info({}, 'there is room on the disk again: writes are accepted');
    for (const { position, records } of taken) {
      this.#batches += 1;
      this.#progress(position, records.length, ceiling);
    }
  }

  /**
   * Ends everything: whatever is not acknowledged yet never will be.
   *
   * @returns the error that ended it, this one or an earlier one
   */
  fail(error: unknown, what: string): KvError {
    if (this.#state.kind === 'failed') return this.#state.error;
    const failure = new KvError('internal', `${what}: nothing is acknowledged any more, start again`, {
      outcome: 'unknown',
      cause: error,
    });
    this.#state = { kind: 'failed', error: failure };
    this.#cancelRetry?.();
    this.#cancelSync?.();
    this.#waiters.rejectAll(failure);
    this.#ports.logger?.error({ err: error }, failure.message);
    this.#ports.onFatal(failure);
    return failure;
  }

  #refusal(): KvError | undefined {
    switch (this.#state.kind) {
      case 'open':
        return undefined;
      case 'full':
        return diskFull();
      case 'failed':
        return this.#state.error;
      case 'closed':
        return closed();
    }
  }

  #throwUnlessOpen(): void {
    const refusal = this.#refusal();
    if (refusal !== undefined) throw refusal;
  }

  #exclusive<Result>(task: () => Promise<Result>): Promise<Result> {
    const result = this.#last.then(task);
    this.#last = result.catch(() => undefined);
    return result;
  }
}

function diskFull(): KvError {
  return new KvError(
    'disk-full',
    'the disk is full: the write is kept in memory and may become durable later',
    {
      outcome: 'unknown',
    },
  );
}

function diskFullAtClose(): KvError {
  return new KvError('disk-full', 'closed, but the disk is full: writes not acknowledged may be lost', {
    outcome: 'unknown',
  });
}

function closed(): KvError {
  return new KvError('closed', 'the store was closed', { outcome: 'unknown' });
}

function quietRejection(error: Error): Promise<never> {
  const rejected = Promise.reject(error);
  rejected.catch(() => undefined);
  return rejected;
}
