import type { KvError } from '@kv/errors';
import type { Timestamp, Version } from '@kv/hlc';

import { attempt } from './attempt.js';
import { type Call, openCall } from './call.js';
import type { CheckedTicketRequest } from './check-request.js';
import { thrownError, ticketError } from '../errors.js';
import type { ReadAnswer } from '../cores/read-core.js';
import type { CallOptions } from './requests.js';
import {
  countStamp,
  issueStamp,
  partitionOfKey,
  readTime,
  requiredFor,
  type Shell,
  versionOf,
} from './shell.js';
import {
  createTicketCore,
  type TicketCore,
  type TicketEffect,
  type TicketInput,
} from '../cores/ticket-core.js';

/**
 * Asks a quorum for the key and stamps above what it shows (rule 10). Nothing is written: whatever goes wrong has the
 * outcome `not-applied`.
 */
export function runTicket(
  shell: Shell,
  request: CheckedTicketRequest,
  options: CallOptions,
): Promise<Version> {
  return new Promise((resolve, reject) => {
    new TicketOperation(shell, request, options, { resolve, reject }).start();
  });
}

interface Caller {
  resolve(ticket: Version): void;
  reject(error: unknown): void;
}

class TicketOperation {
  readonly #shell: Shell;
  readonly #signal: AbortSignal | undefined;
  readonly #call: Call;
  readonly #request: CheckedTicketRequest;
  /** Forgotten at the end, as in a write. */
  #running: { readonly core: TicketCore; readonly caller: Caller } | undefined;

  constructor(shell: Shell, request: CheckedTicketRequest, options: CallOptions, caller: Caller) {
    this.#shell = shell;
    this.#signal = options.signal;
    this.#request = request;
    const core = createTicketCore({
      owners: shell.placement.owners(partitionOfKey(shell, request.key)),
      required: requiredFor(shell, 'linearizable'),
      decisions: shell.decisions,
    });
    this.#running = { core, caller };
    this.#call = openCall(shell, options, {
      onDeadline: () => this.#input({ kind: 'deadline' }),
      onClientGone: () => this.#input({ kind: 'client-gone' }),
    });
  }

  start(): void {
    this.#input({ kind: this.#signal?.aborted === true ? 'client-gone' : 'start' });
  }

  #input(input: TicketInput): void {
    const running = this.#running;
    if (running === undefined) return;
    try {
      for (const effect of running.core.step(input)) this.#execute(effect, running.caller);
    } catch (error) {
      this.#onDefect(error);
    }
  }

  #execute(effect: TicketEffect, caller: Caller): void {
    switch (effect.kind) {
      case 'query':
        this.#query(effect.to);
        return;
      case 'stamp':
        this.#stamp(effect.above);
        return;
      case 'issued':
        this.#shell.counters.tickets += 1;
        this.#shell.observer?.ticketed?.({ key: this.#request.key, version: effect.ticket });
        this.#end(() => caller.resolve(effect.ticket));
        return;
      case 'failed':
        this.#end(() => caller.reject(this.#error(effect)));
        return;
    }
  }

  #query(to: readonly number[]): void {
    const { key } = this.#request;
    const operation = { key, at: readTime(this.#shell), deadlineMs: this.#call.timeLeftMs() };
    for (const from of to) {
      void attempt<ReadAnswer>(() => this.#shell.replica(from)?.read(operation)).then((answer) =>
        this.#input({ kind: 'answer', from, answer }),
      );
    }
  }

  #stamp(met: Timestamp | undefined): void {
    issueStamp(this.#shell, this.#request, met).then(
      (result) => {
        countStamp(this.#shell, result);
        if (result.kind === 'refused') this.#input({ kind: 'stamp-refused', reason: result.reason });
        else this.#input({ kind: 'stamped', version: versionOf(this.#shell, result.timestamp) });
      },
      (error: unknown) => this.#onDefect(error),
    );
  }

  #error({ failure }: TicketEffect & { kind: 'failed' }): KvError {
    const retryAfterMs = failure.why === 'not-ready' ? this.#shell.hlc.readyInMs() : undefined;
    return ticketError(failure, { cause: this.#signal?.reason as unknown, retryAfterMs });
  }

  #onDefect(error: unknown): void {
    const caller = this.#running?.caller;
    this.#end(() => caller?.reject(thrownError(error, 'not-applied')));
  }

  #end(answer: () => void): void {
    if (this.#running === undefined) return;
    this.#running = undefined;
    this.#call.close();
    answer();
  }
}
