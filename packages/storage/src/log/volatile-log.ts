import type { KvError } from '@kv/errors';
import { type Timestamp, zeroTimestamp } from '@kv/hlc';

import type { LogPosition } from '../engine/engine.js';
import { closed, failed, quietRejection } from './log-errors.js';
import type { LogSource, LogState, LogStats, LogTap, WriteAheadLog } from './write-ahead-log.js';

/** Forgotten in pieces of this. */
const untakenBytesMax = 1024 * 1024;

/** The log of an engine that keeps nothing: everything is as durable at once as it will ever be. */
export function createVolatileLog(source: LogSource): WriteAheadLog {
  return new VolatileLog(source);
}

class VolatileLog implements WriteAheadLog {
  readonly #source: LogSource;
  readonly #taps = new Set<LogTap>();
  #ceiling: Timestamp = zeroTimestamp;
  #state: LogState = { kind: 'open' };
  #records = 0;
  #batches = 0;

  constructor(source: LogSource) {
    this.#source = source;
  }

  get state(): LogState {
    return this.#state;
  }

  get written(): LogPosition {
    // Whoever asks may drop what was written, so nothing of it may be left to take.
    this.#takeAll();
    return this.#source.appended;
  }

  get sequence(): number {
    return this.#batches;
  }

  get ceiling(): Timestamp {
    return this.#ceiling;
  }

  kick(): void {
    // Ranges cost nothing until they are taken.
    if (this.#taps.size > 0 || this.#source.untakenBytes > untakenBytesMax) this.#takeAll();
  }

  durable(): Promise<void> {
    return this.#state.kind === 'closed' ? quietRejection(closed()) : Promise.resolve();
  }

  isDurable(): boolean {
    return true;
  }

  persistCeiling(ceiling: Timestamp): Promise<void> {
    if (ceiling > this.#ceiling) this.#ceiling = ceiling;
    return Promise.resolve();
  }

  rotate(): Promise<{ readonly sequence: number; readonly firstBatch: number }> {
    return Promise.resolve({ sequence: 1, firstBatch: this.#batches + 1 });
  }

  sync(): Promise<void> {
    this.#takeAll();
    return Promise.resolve();
  }

  release(): void {
    // There are no files.
  }

  fail(error: unknown, what: string): KvError {
    const failure = failed(what, error);
    this.#state = { kind: 'failed', error: failure };
    return failure;
  }

  tap(tap: LogTap): () => void {
    this.#taps.add(tap);
    return () => {
      this.#taps.delete(tap);
    };
  }

  drain(): Promise<void> {
    return this.sync();
  }

  stats(): LogStats {
    this.#takeAll();
    return { logBytes: 0, durable: this.#records, batches: this.#batches, syncs: 0, logBytesWritten: 0 };
  }

  close(): Promise<void> {
    this.#state = { kind: 'closed' };
    return Promise.resolve();
  }

  #takeAll(): void {
    while (this.#source.untakenBytes > 0) {
      const batch = this.#source.takeAppended(Infinity);
      this.#records += batch.records;
      this.#batches += 1;
      for (const tap of this.#taps) tap(batch);
    }
  }
}
