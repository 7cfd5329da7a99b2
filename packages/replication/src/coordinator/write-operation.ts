import { toKvError } from '@kv/errors';
import { physicalMs, type Timestamp, type Version } from '@kv/hlc';
import { encodeRecord } from '@kv/storage';

import { attempt } from './attempt.js';
import { type Call, openCall } from './call.js';
import type { CheckedWrite } from './check-request.js';
import { neverSentError, unstampedError, writeError } from '../errors.js';
import type { PreviousRecord } from '../cores/previous-record.js';
import type { CallOptions, PreviousValue, WriteResult } from './requests.js';
import type { WriteAnswer } from '../cores/write-answer.js';
import { partitionOfKey, requiredFor, serverTime, type Shell } from './shell.js';
import type { StampResult } from '../stamps/stamp-issuer.js';
import { createWriteCore, type WriteCore, type WriteEffect, type WriteInput } from '../cores/write-core.js';

/** Runs one write through its core: sends, waits, stamps, and answers the caller. */
export function runWrite(shell: Shell, write: CheckedWrite, options: CallOptions): Promise<WriteResult> {
  return new Promise((resolve, reject) => {
    new WriteOperation(shell, write, options, { resolve, reject }).start();
  });
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
    if (this.#signal?.aborted === true) this.#onEnd('client-gone');
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
    const { key, consistency, wantPrevious, operationId } = running.write;
    this.#core = createWriteCore({
      owners: this.#shell.placement.owners(partitionOfKey(this.#shell, key)),
      required: requiredFor(this.#shell, consistency),
      version: this.#versionOf(result.timestamp),
      wantPrevious,
      operationId,
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
          else this.#input({ kind: 'stamped', version: this.#versionOf(result.timestamp) });
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

  /** Above the client's bound, and above what was met; never above the client's ceiling (rule 11). */
  #stamp(met: Timestamp | undefined, then: (result: StampResult) => void): void {
    const { stampAbove, stampNotAfter } = this.#running!.write;
    const above = met !== undefined && (stampAbove === undefined || met > stampAbove) ? met : stampAbove;
    this.#shell.stamps.issue({ above, notAfter: stampNotAfter }).then(
      (result) => {
        const isDrift =
          result.kind === 'refused' && (result.reason === 'drift' || result.reason === 'fenced');
        if (isDrift) this.#shell.counters.driftRefusals += 1;
        then(result);
      },
      (error: unknown) => this.#onDefect(error),
    );
  }

  #versionOf(timestamp: Timestamp): Version {
    return { timestamp, node: this.#shell.options.node };
  }

  /** Whatever went wrong here must reach the caller, not the process; once anything was sent, its fate is unknown. */
  #onDefect(error: unknown): void {
    const outcome = this.#core === undefined ? 'not-applied' : 'unknown';
    const caller = this.#running?.caller;
    this.#end(() => caller?.reject(toKvError(error, { outcome })));
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
