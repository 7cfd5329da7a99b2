import type { Version } from '@kv/hlc';

import type { Caller, RunningOperation } from './caller.js';
import type { CheckedWrite } from './check-request.js';
import { neverSentError } from '../errors.js';
import type { CallOptions, WriteResult } from './requests.js';
import { boundedTimeoutMs, type Shell } from './shell.js';
import { TicketOperation } from './ticket-operation.js';
import { WriteOperation } from './write-operation.js';

/** Both rounds of a caller that brought no ticket (rule 10), within the time of one call. */
export class LinearizableWrite implements RunningOperation {
  readonly #shell: Shell;
  readonly #write: CheckedWrite;
  readonly #options: CallOptions;
  readonly #caller: Caller<WriteResult>;
  readonly #deadlineAtMs: number;
  #running: RunningOperation | undefined;

  constructor(shell: Shell, write: CheckedWrite, options: CallOptions, caller: Caller<WriteResult>) {
    this.#shell = shell;
    this.#write = write;
    this.#options = options;
    this.#caller = caller;
    this.#deadlineAtMs = shell.clock.monotonicMs() + boundedTimeoutMs(shell, options);
  }

  start(): void {
    const ticket = new TicketOperation(this.#shell, this.#write, this.#options, {
      resolve: (issued) => this.#store(issued),
      reject: (error) => this.#caller.reject(error),
    });
    this.#running = ticket;
    ticket.start();
  }

  abandon(): void {
    this.#running?.abandon();
  }

  #store(ticket: Version): void {
    const leftMs = this.#deadlineAtMs - this.#shell.clock.monotonicMs();
    if (leftMs <= 0) {
      this.#caller.reject(neverSentError('deadline', undefined));
      return;
    }
    const { key, value, consistency, ttlMs, wantPrevious, operationId } = this.#write;
    const write = {
      key,
      value,
      consistency,
      ttlMs,
      wantPrevious,
      operationId,
      stampAbove: undefined, // They bound the ticket.
      stampNotAfter: undefined,
      ticket,
    };
    const options = { signal: this.#options.signal, timeoutMs: leftMs };
    const store = new WriteOperation(this.#shell, write, options, this.#caller);
    this.#running = store;
    store.start();
  }
}
