import { physicalMs, type Timestamp, type Version } from '@kv/hlc';
import type { RecordFields } from '@kv/storage';

import { type Call, type CallEvents, openCall } from './call.js';
import type { Caller, RunningOperation } from './caller.js';
import type { CheckedWrite } from './check-request.js';
import { neverSentError, thrownError, unstampedError, writeError } from '../errors.js';
import type { PreviousRecord } from '../cores/previous-record.js';
import type { CallOptions, PreviousValue, WriteResult } from './requests.js';
import { type AnswerReceiver, notSent, type WriteAnswer } from '../replica/channel.js';
import {
  countStamp,
  issueStamp,
  partitionOfKey,
  requiredFor,
  serverTime,
  type Shell,
  versionOf,
} from './shell.js';
import type { StampResult } from '../stamps/stamp-issuer.js';
import { createWriteCore, type WriteCore, type WriteEffect, type WriteInput } from '../cores/write-core.js';

/** Runs one write through its core: stamps unless it has a ticket, sends, waits, and answers the caller. */
export class WriteOperation implements RunningOperation, CallEvents, AnswerReceiver<WriteAnswer> {
  readonly #shell: Shell;
  readonly #signal: AbortSignal | undefined;
  readonly #call: Call;
  /** Both forgotten at the end: replicas that have not answered then keep nothing of this write in memory here. */
  #write: CheckedWrite | undefined;
  #caller: Caller<WriteResult> | undefined;
  #core: WriteCore | undefined;

  constructor(shell: Shell, write: CheckedWrite, options: CallOptions, caller: Caller<WriteResult>) {
    this.#shell = shell;
    this.#signal = options.signal;
    this.#write = write;
    this.#caller = caller;
    this.#call = openCall(shell, options, this);
  }

  start(): void {
    // The listener misses a signal that was aborted before the call came in.
    const ticket = this.#write?.ticket;
    if (this.#signal?.aborted === true) this.#onEnd('client-gone');
    else if (ticket !== undefined && this.#shell.decisions.keepsTicket()) this.#begin(ticket);
    else this.#stamp(undefined);
  }

  /** It was sent to all owners as this version; their answers follow. */
  goOn(version: Version): void {
    this.#core = this.#createCore(version);
    this.#core.step({ kind: 'start' });
  }

  abandon(): void {
    this.#onEnd('client-gone');
  }

  onImpatient(): void {
    this.#input({ kind: 'impatient' });
  }

  onDeadline(): void {
    this.#onEnd('deadline');
  }

  onClientGone(): void {
    this.#onEnd('client-gone');
  }

  onAnswer(from: number, round: number, answer: WriteAnswer): void {
    this.#input({ kind: 'answer', from, round, answer });
  }

  #onFirstStamp(result: StampResult): void {
    if (result.kind === 'refused') {
      const retryAfterMs = result.reason === 'not-ready' ? this.#shell.hlc.readyInMs() : undefined;
      this.#end()?.reject(unstampedError(result.reason, retryAfterMs));
      return;
    }
    this.#begin(versionOf(this.#shell, result.timestamp));
  }

  #begin(version: Version): void {
    this.#core = this.#createCore(version);
    this.#input({ kind: 'start' });
  }

  #createCore(version: Version): WriteCore {
    const { key, consistency, wantPrevious, operationId, ticket } = this.#write!;
    return createWriteCore({
      owners: this.#shell.placement.owners(partitionOfKey(this.#shell, key)),
      required: requiredFor(this.#shell, consistency),
      version,
      wantPrevious,
      operationId,
      ticketed: version === ticket,
      decisions: this.#shell.decisions,
    });
  }

  #onEnd(kind: 'deadline' | 'client-gone'): void {
    if (this.#core !== undefined) this.#input({ kind });
    else this.#end()?.reject(neverSentError(kind, this.#signal?.reason));
  }

  #input(input: WriteInput): void {
    const core = this.#core;
    if (core === undefined) return;
    try {
      for (const effect of core.step(input)) this.#execute(effect);
    } catch (error) {
      this.#onDefect(error);
    }
  }

  #execute(effect: WriteEffect): void {
    const { counters } = this.#shell;
    switch (effect.kind) {
      case 'send':
        if (effect.round === 2) counters.restamps += 1;
        this.#send(effect);
        return;
      case 'stamp':
        counters.conflicts += 1;
        this.#stamp(effect.above);
        return;
      case 'acknowledged': {
        const previous = previousValue(effect.previous);
        const { version } = effect;
        this.#end()?.resolve({ version, previous, serverTime: serverTime(this.#shell) });
        return;
      }
      case 'failed':
        this.#end()?.reject(writeError(effect.failure, this.#signal?.reason));
        return;
    }
  }

  #send({ round, version, to }: WriteEffect & { kind: 'send' }): void {
    const write = this.#write;
    if (write === undefined) return;
    this.#shell.observer?.stamped?.({
      key: write.key,
      operationId: write.operationId,
      version,
      round: version === write.ticket ? 'ticket' : round,
    });
    const record = this.#shell.records.encode(recordOf(write, version));
    const { wantPrevious } = write;
    const request = { record, wantPrevious, deadlineAtMs: this.#call.deadlineAtMs, tag: round };
    for (const from of to) {
      const channel = this.#shell.replica(from);
      if (channel === undefined) this.onAnswer(from, round, notSent);
      else channel.write(request, this);
    }
  }

  /** The first stamp, or the one of the second round: above what was met. */
  #stamp(met: Timestamp | undefined): void {
    try {
      const stamp = issueStamp(this.#shell, this.#write!, met);
      if ('kind' in stamp) this.#onStamp(stamp, met);
      else {
        stamp.then(
          (result) => this.#onStamp(result, met),
          (error: unknown) => this.#onDefect(error),
        );
      }
    } catch (error) {
      this.#onDefect(error);
    }
  }

  /** A stamp that comes past the deadline is not used (rule 4), also where the timer is late. */
  #onStamp(result: StampResult, met: Timestamp | undefined): void {
    if (this.#write === undefined) return;
    countStamp(this.#shell, result);
    if (this.#call.isOver() && this.#shell.decisions.endsWrite('deadline')) this.#onEnd('deadline');
    else if (met === undefined) this.#onFirstStamp(result);
    else if (result.kind === 'refused') this.#input({ kind: 'stamp-refused', reason: result.reason });
    else this.#input({ kind: 'stamped', version: versionOf(this.#shell, result.timestamp) });
  }

  /** Whatever went wrong here must reach the caller, not the process; once anything was sent, its fate is unknown. */
  #onDefect(error: unknown): void {
    const outcome = this.#core === undefined ? 'not-applied' : 'unknown';
    this.#end()?.reject(thrownError(error, outcome));
  }

  /** @returns whoever is to be told, if nobody was */
  #end(): Caller<WriteResult> | undefined {
    const caller = this.#caller;
    this.#write = undefined;
    this.#caller = undefined;
    this.#core = undefined;
    this.#call.close();
    return caller;
  }
}

/** The record of a write, as this version of its key. */
export function recordOf({ key, value, ttlMs, operationId }: CheckedWrite, version: Version): RecordFields {
  return {
    key,
    value: value ?? noBytes,
    version,
    tombstone: value === undefined,
    expiresAtMs: ttlMs > 0 ? physicalMs(version.timestamp) + ttlMs : 0,
    operationId,
  };
}

const noBytes = new Uint8Array(0);

export function previousValue(previous: PreviousRecord): PreviousValue {
  switch (previous.kind) {
    case 'value':
      return { kind: 'value', value: previous.record.value };
    case 'not-asked':
    case 'unknown':
    case 'none':
      return previous;
  }
}
