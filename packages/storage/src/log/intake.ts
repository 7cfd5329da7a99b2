import { logBatchBytesMax } from '../limits.js';
import type { AppendedBatch } from '../memory/record-memory.js';
import type { LogSource, LogTap } from './write-ahead-log.js';

/** What was taken from the memory, and is not yet as durable as the log promises. */
export class Intake {
  readonly #source: LogSource;
  readonly #onTaken: (batch: AppendedBatch) => void;
  readonly #taps = new Set<LogTap>();
  #pending: AppendedBatch[] = [];

  constructor(source: LogSource, onTaken: (batch: AppendedBatch) => void) {
    this.#source = source;
    this.#onTaken = onTaken;
  }

  /** Here, or still in the memory. */
  get empty(): boolean {
    return this.#pending.length === 0 && this.#source.untakenBytes === 0;
  }

  get pending(): readonly AppendedBatch[] {
    return this.#pending;
  }

  /** Of what was appended, one batch; an empty one if there is nothing. */
  take(): void {
    const batch = this.#source.takeAppended(logBatchBytesMax);
    this.#pending.push(batch);
    this.#onTaken(batch);
    for (const tap of this.#taps) tap(batch);
  }

  takeAll(): void {
    while (this.#source.untakenBytes > 0) this.take();
  }

  /** The first so many are durable. */
  done(batches: number): void {
    this.#pending = this.#pending.slice(batches);
  }

  tap(tap: LogTap): () => void {
    this.#taps.add(tap);
    return () => {
      this.#taps.delete(tap);
    };
  }
}
