import type { Timestamp } from '@kv/hlc';

import type { LogPosition } from '../engine/engine.js';
import type { AppendedBatch } from '../memory/record-memory.js';
import { CeilingMark } from './ceiling-mark.js';
import { DurabilityWaiters } from './durability-waiters.js';

/** How far the log has come, and who waits for it to come further. */
export class LogProgress {
  readonly waiters = new DurabilityWaiters();
  readonly ceiling: CeilingMark;
  #written = 0 as LogPosition;
  #records = 0;
  #batches = 0;

  constructor(ceiling: Timestamp) {
    this.ceiling = new CeilingMark(ceiling);
  }

  get written(): LogPosition {
    return this.#written;
  }

  get records(): number {
    return this.#records;
  }

  get batches(): number {
    return this.#batches;
  }

  /** These are as durable as the level promises, and so is the ceiling that they carried. */
  reach(batches: readonly AppendedBatch[], ceiling: Timestamp): void {
    this.#batches += batches.length;
    for (const { records, position } of batches) {
      this.#records += records;
      if (position > this.#written) this.#written = position;
    }
    this.waiters.resolveUpTo(this.#written);
    this.ceiling.persisted(ceiling);
  }

  /** @param error is not made if nobody waits: it costs its stack */
  rejectAll(error: () => Error): void {
    if (this.waiters.empty && this.ceiling.idle) return;
    const made = error();
    this.waiters.rejectAll(made);
    this.ceiling.rejectAll(made);
  }
}
