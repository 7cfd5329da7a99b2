import type { KvError } from '@kv/errors';
import type { Timestamp, Version } from '@kv/hlc';

import { type Call, type CallEvents, openCall } from './call.js';
import type { Caller, RunningOperation } from './caller.js';
import type { CheckedTicketRequest } from './check-request.js';
import { thrownError, ticketError } from '../errors.js';
import { type AnswerReceiver, type HeadAnswer, notSent, type ReadAnswer } from '../replica/channel.js';
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
import type { StampResult } from '../stamps/stamp-issuer.js';
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
export class TicketOperation
  implements RunningOperation, CallEvents, AnswerReceiver<ReadAnswer | HeadAnswer>
{
  readonly #shell: Shell;
  readonly #signal: AbortSignal | undefined;
  readonly #call: Call;
  readonly #request: CheckedTicketRequest;
  /** Both forgotten at the end, as in a write. */
  #core: TicketCore | undefined;
  #caller: Caller<Version> | undefined;

  constructor(shell: Shell, request: CheckedTicketRequest, options: CallOptions, caller: Caller<Version>) {
    this.#shell = shell;
    this.#signal = options.signal;
    this.#request = request;
    this.#caller = caller;
    this.#core = createTicketCore({
      owners: shell.placement.owners(partitionOfKey(shell, request.key)),
      required: requiredFor(shell, 'linearizable'),
      decisions: shell.decisions,
    });
    this.#call = openCall(shell, options, this);
  }

  start(): void {
    this.#input({ kind: this.#signal?.aborted === true ? 'client-gone' : 'start' });
  }

  /** All owners were asked already; their answers follow. */
  goOn(): void {
    this.#core?.step({ kind: 'start' });
  }

  abandon(): void {
    this.onClientGone();
  }

  /** A quorum is enough, and whom it lacks is not known: there is nobody else to ask. */
  onImpatient(): void {}

  onDeadline(): void {
    this.#input({ kind: 'deadline' });
  }

  onClientGone(): void {
    this.#input({ kind: 'client-gone' });
  }

  onAnswer(from: number, _tag: number, answer: ReadAnswer | HeadAnswer): void {
    this.#input({ kind: 'answer', from, answer });
  }

  #input(input: TicketInput): void {
    const core = this.#core;
    if (core === undefined) return;
    try {
      for (const effect of core.step(input)) this.#execute(effect);
    } catch (error) {
      this.#onDefect(error);
    }
  }

  #execute(effect: TicketEffect): void {
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
        this.#end()?.resolve(effect.ticket);
        return;
      case 'failed':
        this.#end()?.reject(this.#error(effect));
        return;
    }
  }

  #query(to: readonly number[]): void {
    const { key } = this.#request;
    const at = readTime(this.#shell);
    const request = { key, at, wantValue: false, deadlineAtMs: this.#call.deadlineAtMs, tag: 1 };
    for (const from of to) {
      const channel = this.#shell.replica(from);
      if (channel === undefined) this.onAnswer(from, 1, notSent);
      else channel.read(request, this);
    }
  }

  #stamp(met: Timestamp | undefined): void {
    const stamp = issueStamp(this.#shell, this.#request, met);
    if ('kind' in stamp) this.#onStamp(stamp);
    else {
      stamp.then(
        (result) => this.#onStamp(result),
        (error: unknown) => this.#onDefect(error),
      );
    }
  }

  #onStamp(result: StampResult): void {
    countStamp(this.#shell, result);
    if (result.kind === 'refused') this.#input({ kind: 'stamp-refused', reason: result.reason });
    else this.#input({ kind: 'stamped', version: versionOf(this.#shell, result.timestamp) });
  }

  #error({ failure }: TicketEffect & { kind: 'failed' }): KvError {
    const retryAfterMs = failure.why === 'not-ready' ? this.#shell.hlc.readyInMs() : undefined;
    return ticketError(failure, { cause: this.#signal?.reason as unknown, retryAfterMs });
  }

  #onDefect(error: unknown): void {
    this.#end()?.reject(thrownError(error, 'not-applied'));
  }

  #end(): Caller<Version> | undefined {
    const caller = this.#caller;
    this.#core = undefined;
    this.#caller = undefined;
    this.#call.close();
    return caller;
  }
}
