import type { KvError } from '@kv/errors';
import type { Timestamp } from '@kv/hlc';

import type { LogPosition } from '../engine/engine.js';
import { logFileBytesMax } from '../limits.js';
import type { AppendedBatch } from '../memory/record-memory.js';
import type { Durability } from '../options.js';
import type { Logger, Timers } from '../ports.js';
import { isDiskFull } from '../system/file-errors.js';
import { closed, diskFull, diskFullAtClose, quietRejection } from './log-errors.js';
import type { LogFiles } from './log-files.js';
import { Intake } from './intake.js';
import { IntervalSync } from './interval-sync.js';
import { LogProgress } from './log-progress.js';
import { LogStatus } from './log-status.js';
import { OneAtATime } from './one-at-a-time.js';
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
 * Group commit: whenever no write is under way, all that was appended becomes one batch, written and (durability `always`)
 * synced, and only then the next is begun. So there is one write in flight, batches lie in the order of their sequence, and a
 * sync is shared by everything that came during the one before. Nothing is copied: a batch is ranges of the memory.
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
  readonly #status = new LogStatus();
  readonly #progress: LogProgress;
  readonly #retry: RetryTimer;
  readonly #interval: IntervalSync;
  readonly #intake: Intake;
  #sequence: number;
  /** Whatever touches the files goes through here, one after the other. */
  readonly #turns = new OneAtATime();
  #flushing = false;

  constructor(options: GroupCommitOptions, ports: GroupCommitPorts) {
    this.#options = options;
    this.#ports = ports;
    this.#source = ports.source;
    this.#files = ports.files;
    this.#intake = new Intake(ports.source, ({ position }) => {
      this.#progress.waiters.taken(position);
    });
    this.#sequence = ports.files.lastBatch;
    this.#progress = new LogProgress(options.ceiling);
    this.#retry = new RetryTimer(ports.timers);
    this.#interval = new IntervalSync(ports.timers, options.durabilityIntervalMs);
  }

  get state(): LogState {
    return this.#status.state;
  }

  get written(): LogPosition {
    return this.#progress.written;
  }

  get sequence(): number {
    return this.#sequence;
  }

  get ceiling(): Timestamp {
    return this.#progress.ceiling.durable;
  }

  kick(): void {
    if (this.#flushing || !this.#status.isOpen()) return;
    this.#flushing = true;
    // Not at once: a sync is dear, so whatever this turn of the event loop brings shares it; a write only what runs now brings.
    if (this.#options.durability === 'always') this.#ports.timers.nextTurn(() => void this.#flush());
    else void Promise.resolve().then(() => this.#flushAtOnce());
  }

  isDurable(position: LogPosition): boolean {
    return position <= this.#progress.written;
  }

  durable(position: LogPosition): Promise<void> {
    if (position <= this.#progress.written) return Promise.resolve();
    const refusal = this.#status.refusal();
    return refusal === undefined ? this.#progress.waiters.join(position) : quietRejection(refusal);
  }

  persistCeiling(ceiling: Timestamp): Promise<void> {
    if (ceiling <= this.#progress.ceiling.durable) return Promise.resolve();
    const refusal = this.#status.refusal();
    if (refusal !== undefined) return quietRejection(refusal);
    const persisted = this.#progress.ceiling.want(ceiling);
    this.kick();
    return persisted;
  }

  rotate(): Promise<{ readonly sequence: number; readonly firstBatch: number }> {
    return this.#turns.run(async () => {
      this.#status.throwUnlessOpen();
      await this.#endFile();
      return { sequence: this.#files.nextSequence, firstBatch: this.#files.lastBatch + 1 };
    });
  }

  async sync(): Promise<void> {
    const { appended } = this.#source;
    await this.#turns.run(async () => {
      while (this.#status.isOpen() && this.#progress.written < appended) await this.#flushBatch();
      this.#status.throwUnlessOpen();
      await this.#syncFile();
    });
  }

  release(below: number): void {
    this.#files.release(below);
  }

  tap(tap: LogTap): () => void {
    return this.#intake.tap(tap);
  }

  drain(): Promise<void> {
    return this.#turns.run(() => {
      this.#intake.takeAll();
      return Promise.resolve();
    });
  }

  stats(): LogStats {
    const { bytes, bytesWritten, syncs } = this.#files;
    return {
      logBytes: bytes,
      logBytesWritten: bytesWritten,
      durable: this.#progress.records,
      batches: this.#progress.batches,
      syncs,
    };
  }

  close(): Promise<void> {
    this.#retry.cancel();
    this.#interval.cancel();
    return this.#turns.run(async () => {
      const failedBefore = this.#status.failure() !== undefined;
      while (this.#status.isOpen() && this.#hasWork()) await this.#flushBatch();
      // There may be room by now, and no later chance.
      await this.#resume();
      try {
        if (!failedBefore) {
          // Not synced again after a failure: that one's success would be nothing to build on.
          const failure = this.#status.failure();
          if (failure !== undefined) throw failure;
          await this.#syncFile();
          if (this.#hasWork()) throw diskFullAtClose();
        }
      } finally {
        this.#retry.cancel();
        this.#interval.cancel();
        this.#status.close();
        this.#progress.rejectAll(closed);
        await this.#files.close();
      }
    });
  }

  fail(error: unknown, what: string): KvError {
    const earlier = this.#status.failure();
    if (earlier !== undefined) return earlier;
    const failure = this.#status.fail(what, error);
    this.#retry.cancel();
    this.#interval.cancel();
    this.#progress.rejectAll(() => failure);
    this.#ports.logger?.error({ err: error }, failure.message);
    this.#ports.onFatal(failure);
    return failure;
  }

  /** The short way: an operation that is alone is answered the sooner, the fewer promises it waits for. */
  #flushAtOnce(): void {
    if (!this.#writesAtOnce()) {
      void this.#flush();
      return;
    }
    this.#flushing = false;
    if (this.#hasWork()) this.kick();
  }

  /** False: nothing was acknowledged, and nothing failed. */
  #writesAtOnce(): boolean {
    if (!this.#turns.isIdle || !this.#status.isOpen() || !this.#hasWork()) return false;
    if (this.#intake.pending.length === 0) this.#intake.take();
    const batch = this.#intake.pending[0]!;
    // A file that is full is ended in the long way.
    if (this.#files.currentBytes + batch.bytes >= logFileBytesMax) return false;
    const ceiling = this.#progress.ceiling.largest;
    try {
      if (!this.#files.writeAtOnce(batch, ceiling)) return false;
    } catch (error) {
      this.#writeFailed(error);
      return true;
    }
    this.#syncLater();
    this.#retry.reset();
    this.#reach([batch], ceiling);
    return true;
  }

  /** One batch at a time: whoever else wants the file has its turn in between, however many write. */
  async #flush(): Promise<void> {
    while (this.#status.isOpen() && this.#hasWork()) await this.#turns.run(() => this.#flushBatch());
    this.#flushing = false;
  }

  #hasWork(): boolean {
    return !this.#intake.empty || this.#progress.ceiling.wanted;
  }

  /** Never throws: what goes wrong changes the state and rejects who waits. */
  async #flushBatch(): Promise<void> {
    if (!this.#status.isOpen() || !this.#hasWork()) return;
    if (this.#intake.pending.length === 0) this.#intake.take();
    const { pending } = this.#intake;
    const ceiling = this.#progress.ceiling.largest;
    // A file that is yet to be made begins with all there is.
    const batches = this.#files.open ? pending.slice(0, 1) : pending;
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
    if (!this.#status.isOpen()) return; // A snapshot's sync failed meanwhile: nothing to build on.
    this.#retry.reset();
    this.#reach(batches, ceiling);
    if (this.#files.currentBytes < logFileBytesMax) return;
    await this.#endFile().catch(() => undefined); // Likewise.
  }

  #reach(batches: readonly AppendedBatch[], ceiling: Timestamp): void {
    this.#intake.done(batches.length);
    this.#sequence = this.#files.lastBatch;
    this.#progress.reach(batches, ceiling);
  }

  async #syncFile(): Promise<void> {
    try {
      await this.#files.sync();
    } catch (error) {
      throw this.fail(error, 'a sync of the log failed');
    }
  }

  #syncLater(): void {
    if (this.#options.durability !== 'interval') return;
    this.#interval.written(() => {
      void this.#turns.run(async () => {
        if (this.#status.isOpen()) await this.#syncFile().catch(() => undefined);
      });
    });
  }

  /** The next batch begins a new file. */
  async #endFile(): Promise<void> {
    await this.#syncFile();
    await this.#files.end();
  }

  #writeFailed(error: unknown): void {
    if (!this.#status.isOpen() && !this.#status.isFull()) return;
    if (!isDiskFull(error)) {
      this.fail(error, 'a write to the log failed');
      return;
    }
    if (this.#status.isOpen()) {
      this.#ports.logger?.error({ err: error }, 'the disk is full: writes are refused until there is room');
    }
    this.#status.full();
    this.#progress.rejectAll(diskFull);
    this.#retry.start(() => void this.#turns.run(() => this.#resume()));
  }

  /** Writes what the full disk did not take to a new file; if that succeeds, everything is as before. */
  async #resume(): Promise<void> {
    if (!this.#status.isFull()) return;
    this.#intake.takeAll();
    const { pending: batches } = this.#intake;
    const ceiling = this.#progress.ceiling.largest;
    try {
      // What the old file took before is acknowledged at the levels that do not wait for a sync.
      await this.#endFile();
      await this.#files.write(batches, ceiling);
    } catch (error) {
      this.#writeFailed(error);
      return;
    }
    // A snapshot's sync may have failed meanwhile.
    if (!this.#status.isFull()) return;
    this.#status.open();
    this.#retry.reset();
    this.#ports.logger?.info({}, 'there is room on the disk again: writes are accepted');
    this.#reach(batches, ceiling);
    if (this.#hasWork()) this.kick();
  }
}
