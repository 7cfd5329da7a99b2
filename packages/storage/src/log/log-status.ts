import type { KvError } from '@kv/errors';

import { closed, diskFull, failed } from './log-errors.js';
import type { LogState } from './write-ahead-log.js';

/** Whether the log takes records, and what it says if not. A failure is for good. */
export class LogStatus {
  #state: LogState = { kind: 'open' };

  get state(): LogState {
    return this.#state;
  }

  isOpen(): boolean {
    return this.#state.kind === 'open';
  }

  isFull(): boolean {
    return this.#state.kind === 'full';
  }

  failure(): KvError | undefined {
    return this.#state.kind === 'failed' ? this.#state.error : undefined;
  }

  /** Why it does not take records; undefined if it does. */
  refusal(): KvError | undefined {
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

  throwUnlessOpen(): void {
    const refusal = this.refusal();
    if (refusal !== undefined) throw refusal;
  }

  open(): void {
    if (this.failure() === undefined) this.#state = { kind: 'open' };
  }

  full(): void {
    if (this.failure() === undefined) this.#state = { kind: 'full' };
  }

  close(): void {
    if (this.failure() === undefined) this.#state = { kind: 'closed' };
  }

  fail(what: string, cause: unknown): KvError {
    const error = failed(what, cause);
    this.#state = { kind: 'failed', error };
    return error;
  }
}
