import type { KvError } from '@kv/errors';
import type { Timestamp } from '@kv/hlc';

import type { LogPosition } from '../engine/engine.js';
import { logBatchBytesMax, logFileBytesMax } from '../limits.js';
import type { AppendedBatch } from '../memory/record-memory.js';
import type { Durability } from '../options.js';
import type { Logger, Timers } from '../ports.js';
import { isDiskFull } from '../system/file-errors.js';
import { CeilingMark } from './ceiling-mark.js';
import { DurabilityWaiters } from './durability-waiters.js';
import { closed, diskFull, diskFullAtClose, failed, quietRejection } from './log-errors.js';
import type { LogFiles } from './log-files.js';
import { RetryTimer } from './retry-timer.js';
import type { LogSource, LogState, LogStats, LogTap, WriteAheadLog } from './write-ahead-log.js';

export interface GroupCommitOptions {
  readonly durability: Durability;
  readonly durabilityIntervalMs: number;
  readonly ceiling: Timestamp;
}

export interface GroupCommitPorts {
  readonly source: LogSource;
  readonly files: LogFiles;
  readonly timers: Timers;
  readonly logger: Logger | undefined;
  readonly onFatal: (error: Error) => void;
}

/**
 * The write-ahead log: when what is written, and who is told.
 *
 * Group commit: the memory gathers what is appended; whenever no write is under way, all of it becomes one batch, written
 * and (durability `always`) synced, and only then the next is begun. So there is one writer and one write in flight,
 * batches lie in the file in the order of their sequence, and a sync is shared by everything that arrived during the one
 * before. Nothing is copied: a batch is a header and ranges of the memory.
 *
 * A write that found the disk full is kept, and tried again in a new file, until there is room; appending is refused
 * meanwhile. After any error a file is never written again, as nobody knows what of it is on the disk. A failed sync ends
 * everything (the system may have dropped the pages and report success next time): see "Can Applications Recover from
 * fsync Failures?", USENIX ATC 2020.
 */
export class GroupCommitLog implements WriteAheadLog {
  readonly #options: GroupCommitOptions;
  readonly #ports: GroupCommitPorts;
  readonly #source: LogSource;
  readonly #files: LogFiles;
  readonly #waiters = new DurabilityWaiters();
  readonly #ceiling: CeilingMark;
  readonly #retry: RetryTimer;
  readonly #taps = new Set<LogTap>();
  /** Taken from the memory, and not yet as durable as the level promises. */
  #pending: AppendedBatch[] = [];
  #state: LogState = { kind: 'open' };
  #written = 0 as LogPosition;
  #recordsWritten = 0;
  #batches = 0;
  #sequence: number;
  /** Whatever touches the files goes through here, one after the other. */
  #last: Promise<unknown> = Promise.resolve();
  #flushing = false;
  #cancelSync: (() => void) | undefined;

  constructor(options: GroupCommitOptions, ports: GroupCommitPorts) {
    this.#options = options;
    this.#ports = ports;
    this.#source = ports.source;
    this.#files = ports.files;
    this.#sequence = ports.files.lastBatch;
    this.#ceiling = new CeilingMark(options.ceiling);
    this.#retry = new RetryTimer(ports.timers);
  }

  get state(): LogState {
    return this.#state;
  }

  get written(): LogPosition {
    return this.#written;
  }

  get sequence(): number {
    return this.#sequence;
  }

  get ceiling(): Timestamp {
    return this.#ceiling.durable;
  }

  kick(): void {
    if (this.#flushing || this.#state.kind !== 'open') return;
    this.#flushing = true;
    // Not at once: what else this turn of the event loop brings shares the batch.
    this.#ports.timers.nextTurn(() => void this.#flush());
  }

  isDurable(position: LogPosition): boolean {
    return position <= this.#written;
  }

  durable(position: LogPosition): Promise<void> {
    if (position <= this.#written) return Promise.resolve();
    const refusal = this.#refusal();
    return refusal === undefined ? this.#waiters.wait(position) : quietRejection(refusal);
  }

  persistCeiling(ceiling: Timestamp): Promise<void> {
    if (ceiling <= this.#ceiling.durable) return Promise.resolve();
    const refusal = this.#refusal();
    if (refusal !== undefined) return quietRejection(refusal);
    const persisted = this.#ceiling.want(ceiling);
    this.kick();
    return persisted;
  }

  rotate(): Promise<{ readonly sequence: number; readonly firstBatch: number }> {
    return this.#exclusive(async () => {
      this.#throwUnlessOpen();
      await this.#endFile();
      return { sequence: this.#files.nextSequence, firstBatch: this.#files.lastBatch + 1 };
    });
  }

  async sync(): Promise<void> {
    const { appended } = this.#source;
    await this.#exclusive(async () => {
      while (this.#state.kind === 'open' && this.#written < appended) await this.#flushBatch();
      this.#throwUnlessOpen();
      await this.#syncFile();
    });
  }

  release(below: number): void {
    this.#files.release(below);
  }

  tap(tap: LogTap): () => void {
    this.#taps.add(tap);
    return () => {
      this.#taps.delete(tap);
    };
  }

  drain(): Promise<void> {
    return this.#exclusive(() => {
      while (this.#source.untakenBytes > 0) this.#take();
      return Promise.resolve();
    });
  }

  stats(): LogStats {
    const { bytes, bytesWritten, syncs } = this.#files;
    return {
      logBytes: bytes,
      logBytesWritten: bytesWritten,
      durable: this.#recordsWritten,
      batches: this.#batches,
      syncs,
    };
  }

  close(): Promise<void> {
    this.#retry.cancel();
    this.#cancelSync?.();
    return this.#exclusive(async () => {
      const failedBefore = this.#state.kind === 'failed';
      while (this.#state.kind === 'open' && this.#hasWork()) await this.#flushBatch();
      // There may be room by now, and no later chance.
      await this.#resume();
      try {
        if (!failedBefore) {
          // Not synced again after a failure: that one's success would be nothing to build on.
          if (this.#state.kind === 'failed') throw this.#state.error;
          await this.#syncFile();
          if (this.#hasWork()) throw diskFullAtClose();
        }
      } finally {
        this.#retry.cancel();
        this.#cancelSync?.();
        if (this.#state.kind !== 'failed') this.#state = { kind: 'closed' };
        this.#rejectAll(closed());
        await this.#files.close();
      }
    });
  }

  fail(error: unknown, what: string): KvError {
    if (this.#state.kind === 'failed') return this.#state.error;
    const failure = failed(what, error);
    this.#state = { kind: 'failed', error: failure };
    this.#retry.cancel();
    this.#cancelSync?.();
    this.#rejectAll(failure);
    this.#ports.logger?.error({ err: error }, failure.message);
    this.#ports.onFatal(failure);
    return failure;
  }

  /** One batch at a time: whoever else wants the file has its turn in between, however many write. */
  async #flush(): Promise<void> {
    while (this.#state.kind === 'open' && this.#hasWork()) await this.#exclusive(() => this.#flushBatch());
    this.#flushing = false;
  }

  #hasWork(): boolean {
    return this.#pending.length > 0 || this.#source.untakenBytes > 0 || this.#ceiling.wanted;
  }

  /** Never throws: what goes wrong changes the state and rejects who waits. */
  async #flushBatch(): Promise<void> {
    if (this.#state.kind !== 'open' || !this.#hasWork()) return;
    if (this.#pending.length === 0) this.#take();
    const ceiling = this.#ceiling.largest;
    // A file that is yet to be made begins with all there is.
    const batches = this.#files.open ? this.#pending.slice(0, 1) : this.#pending.slice();
    try {
      await this.#files.write(batches, ceiling);
    } catch (error) {
      this.#writeFailed(error);
      return;
    }
    try {
      if (this.#options.durability === 'always') await this.#syncFile();
      else this.#syncLater();
    } catch {
      return; // It has ended everything already.
    }
    // A snapshot's sync may have failed meanwhile: then this one's success is nothing to build on.
    if (this.#refusal() !== undefined) return;
    this.#retry.reset();
    this.#progress(batches, ceiling);
    if (this.#files.currentBytes < logFileBytesMax) return;
    await this.#endFile().catch(() => undefined); // Likewise.
  }

  #take(): void {
    const batch = this.#source.takeAppended(logBatchBytesMax);
    this.#pending.push(batch);
    for (const tap of this.#taps) tap(batch);
  }

  #progress(batches: readonly AppendedBatch[], ceiling: Timestamp): void {
    this.#pending = this.#pending.slice(batches.length);
    this.#batches += batches.length;
    this.#sequence = this.#files.lastBatch;
    for (const { records, position } of batches) {
      this.#recordsWritten += records;
      if (position > this.#written) this.#written = position;
    }
    this.#waiters.resolveUpTo(this.#written);
    this.#ceiling.persisted(ceiling);
  }

  async #syncFile(): Promise<void> {
    try {
      await this.#files.sync();
    } catch (error) {
      throw this.fail(error, 'a sync of the log failed');
    }
  }

  #syncLater(): void {
    const { durability, durabilityIntervalMs } = this.#options;
    if (durability !== 'interval' || this.#cancelSync !== undefined) return;
    this.#cancelSync = this.#ports.timers.after(durabilityIntervalMs, () => {
      this.#cancelSync = undefined;
      void this.#exclusive(async () => {
        if (this.#state.kind === 'open') await this.#syncFile().catch(() => undefined);
      });
    });
  }

  /** The next batch begins a new file. */
  async #endFile(): Promise<void> {
    await this.#syncFile();
    await this.#files.end();
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
    this.#rejectAll(diskFull());
    this.#retry.start(() => void this.#exclusive(() => this.#resume()));
  }

  /** Writes what the full disk did not take to a new file; if that succeeds, everything is as before. */
  async #resume(): Promise<void> {
    if (this.#state.kind !== 'full') return;
    while (this.#source.untakenBytes > 0) this.#take();
    const [batches, ceiling] = [this.#pending, this.#ceiling.largest];
    try {
      // What the old file took before is acknowledged at the levels that do not wait for a sync.
      await this.#endFile();
      await this.#files.write(batches, ceiling);
    } catch (error) {
      this.#writeFailed(error);
      return;
    }
    // A snapshot's sync may have failed meanwhile.
    if (this.#refusal()?.code !== 'disk-full') return;
    this.#state = { kind: 'open' };
    this.#retry.reset();
    this.#ports.logger?.info({}, 'there is room on the disk again: writes are accepted');
    this.#progress(batches, ceiling);
    if (this.#hasWork()) this.kick();
  }

  #rejectAll(error: Error): void {
    this.#waiters.rejectAll(error);
    this.#ceiling.rejectAll(error);
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
