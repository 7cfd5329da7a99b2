import { physicalMs, type Timestamp, type Version } from '@kv/hlc';
import { encodeRecord } from '@kv/storage';

import { attempt } from './attempt.js';
import { type Call, openCall } from './call.js';
import type { CheckedWrite } from './check-request.js';
import { neverSentError, thrownError, unstampedError, writeError } from '../errors.js';
import type { PreviousRecord } from '../cores/previous-record.js';
import type { CallOptions, PreviousValue, WriteResult } from './requests.js';
import type { WriteAnswer } from '../cores/write-answer.js';
import {
  countStamp,
  issueStamp,
  partitionOfKey,
  requiredFor,
  serverTime,
  type Shell,
  versionOf,
} from './shell.js';
import { runTicket } from './ticket-operation.js';
import type { StampResult } from '../stamps/stamp-issuer.js';
import { createWriteCore, type WriteCore, type WriteEffect, type WriteInput } from '../cores/write-core.js';

/** Runs one write through its core: stamps unless it has a ticket, sends, waits, and answers the caller. */
export function runWrite(shell: Shell, write: CheckedWrite, options: CallOptions): Promise<WriteResult> {
  if (write.consistency === 'linearizable' && write.ticket === undefined) {
    return runTwoRounds(shell, write, options);
  }
  return new Promise((resolve, reject) => {
    new WriteOperation(shell, write, options, { resolve, reject }).start();
  });
}

/** Both rounds of a caller that brought no ticket (rule 10), within the time of one call. */
async function runTwoRounds(shell: Shell, write: CheckedWrite, options: CallOptions): Promise<WriteResult> {
  const { requestTimeoutMs } = shell.options;
  const timeoutMs = Math.min(options.timeoutMs ?? requestTimeoutMs, requestTimeoutMs);
  const beganAtMs = shell.clock.monotonicMs();
  const ticket = await runTicket(shell, write, options);
  const leftMs = timeoutMs - (shell.clock.monotonicMs() - beganAtMs);
  if (leftMs <= 0) throw neverSentError('deadline', undefined);
  return runWrite(shell, { ...write, ticket }, { ...options, timeoutMs: leftMs });
}

interface Caller {
  resolve(result: WriteResult): void;
  reject(error: unknown): void;
}

class WriteOperation {
  readonly #shell: Shell;
  readonly #signal: AbortSignal | undefined;
  readonly #call: Call;
  /** Forgotten at the end: replicas that have not answered then keep nothing of this write in memory here. */
  #running: { readonly write: CheckedWrite; readonly caller: Caller } | undefined;
  #core: WriteCore | undefined;

  constructor(shell: Shell, write: CheckedWrite, options: CallOptions, caller: Caller) {
    this.#shell = shell;
    this.#signal = options.signal;
    this.#running = { write, caller };
    this.#call = openCall(shell, options, {
      onImpatient: () => this.#input({ kind: 'impatient' }),
      onDeadline: () => this.#onEnd('deadline'),
      onClientGone: () => this.#onEnd('client-gone'),
    });
  }

  start(): void {
    // The listener misses a signal that was aborted before the call came in.
    const { ticket } = this.#running!.write;
    if (this.#signal?.aborted === true) this.#onEnd('client-gone');
    else if (ticket !== undefined && this.#shell.decisions.keepsTicket()) this.#begin(ticket);
    else this.#stamp(undefined, (result) => this.#onFirstStamp(result));
  }

  #onFirstStamp(result: StampResult): void {
    const running = this.#running;
    if (running === undefined) return;
    if (result.kind === 'refused') {
      const retryAfterMs = result.reason === 'not-ready' ? this.#shell.hlc.readyInMs() : undefined;
      this.#end(() => running.caller.reject(unstampedError(result.reason, retryAfterMs)));
      return;
    }
    this.#begin(versionOf(this.#shell, result.timestamp));
  }

  #begin(version: Version): void {
    const { key, consistency, wantPrevious, operationId, ticket } = this.#running!.write;
    this.#core = createWriteCore({
      owners: this.#shell.placement.owners(partitionOfKey(this.#shell, key)),
      required: requiredFor(this.#shell, consistency),
      version,
      wantPrevious,
      operationId,
      ticketed: version === ticket,
      decisions: this.#shell.decisions,
    });
    this.#input({ kind: 'start' });
  }

  #onEnd(kind: 'deadline' | 'client-gone'): void {
    const running = this.#running;
    if (running === undefined) return;
    if (this.#core !== undefined) this.#input({ kind });
    else this.#end(() => running.caller.reject(neverSentError(kind, this.#signal?.reason)));
  }

  #input(input: WriteInput): void {
    try {
      for (const effect of this.#core?.step(input) ?? []) this.#execute(effect);
    } catch (error) {
      this.#onDefect(error);
    }
  }

  #execute(effect: WriteEffect): void {
    const running = this.#running;
    if (running === undefined) return;
    const { counters } = this.#shell;
    switch (effect.kind) {
      case 'send':
        if (effect.round === 2) counters.restamps += 1;
        this.#send(running.write, effect);
        return;
      case 'stamp':
        counters.conflicts += 1;
        this.#stamp(effect.above, (result) => {
          if (result.kind === 'refused') this.#input({ kind: 'stamp-refused', reason: result.reason });
          else this.#input({ kind: 'stamped', version: versionOf(this.#shell, result.timestamp) });
        });
        return;
      case 'acknowledged': {
        const previous = previousValue(effect.previous);
        const { version } = effect;
        this.#end(() => running.caller.resolve({ version, previous, serverTime: serverTime(this.#shell) }));
        return;
      }
      case 'failed':
        this.#end(() => running.caller.reject(writeError(effect.failure, this.#signal?.reason)));
        return;
    }
  }

  #send(write: CheckedWrite, { round, version, to }: WriteEffect & { kind: 'send' }): void {
    this.#shell.observer?.stamped?.({
      key: write.key,
      operationId: write.operationId,
      version,
      round: version === write.ticket ? 'ticket' : round,
    });
    const record = encodeRecord({
      key: write.key,
      value: write.value ?? noBytes,
      version,
      tombstone: write.value === undefined,
      ...(write.ttlMs > 0 ? { expiresAtMs: physicalMs(version.timestamp) + write.ttlMs } : {}),
      ...(write.operationId === undefined ? {} : { operationId: write.operationId }),
    });
    const operation = { record, wantPrevious: write.wantPrevious, deadlineMs: this.#call.timeLeftMs() };
    for (const from of to) {
      void attempt<WriteAnswer>(() => this.#shell.replica(from)?.write(operation)).then((answer) =>
        this.#input({ kind: 'answer', from, round, answer }),
      );
    }
  }

  /** A stamp that comes past the deadline is not used (rule 4), also where the timer is late. */
  #stamp(met: Timestamp | undefined, then: (result: StampResult) => void): void {
    issueStamp(this.#shell, this.#running!.write, met).then(
      (result) => {
        countStamp(this.#shell, result);
        if (this.#call.isOver() && this.#shell.decisions.endsWrite('deadline')) this.#onEnd('deadline');
        else then(result);
      },
      (error: unknown) => this.#onDefect(error),
    );
  }

  /** Whatever went wrong here must reach the caller, not the process; once anything was sent, its fate is unknown. */
  #onDefect(error: unknown): void {
    const outcome = this.#core === undefined ? 'not-applied' : 'unknown';
    const caller = this.#running?.caller;
    this.#end(() => caller?.reject(thrownError(error, outcome)));
  }

  #end(answer: () => void): void {
    if (this.#running === undefined) return;
    this.#running = undefined;
    this.#core = undefined;
    this.#call.close();
    answer();
  }
}

const noBytes = new Uint8Array(0);

function previousValue(previous: PreviousRecord): PreviousValue {
  switch (previous.kind) {
    case 'value':
      return { kind: 'value', value: previous.record.value };
    case 'not-asked':
    case 'unknown':
    case 'none':
      return previous;
  }
}
