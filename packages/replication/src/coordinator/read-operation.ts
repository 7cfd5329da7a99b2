import { toKvError } from '@kv/errors';
import type { Timestamp } from '@kv/hlc';

import { attempt } from './attempt.js';
import { type Call, type CallEvents, openCall } from './call.js';
import type { Caller, RunningOperation } from './caller.js';
import type { ConsistencyLevel } from '../consistency-level.js';
import { readError } from '../errors.js';
import { comparisonsMax } from '../limits.js';
import { createReadCore, type ReadEffect, type ReadInput, type ReadResult } from '../cores/read-core.js';
import { createReadOneCore } from '../cores/read-one-core.js';
import {
  type AnswerReceiver,
  type HeadAnswer,
  notSent,
  type ReadAnswer,
  type WriteAnswer,
} from '../replica/channel.js';
import type { CallOptions } from './requests.js';
import { ownFirst, partitionOfKey, readTime, requiredFor, type Shell, writeQuorumOf } from './shell.js';

export interface CheckedRead {
  readonly key: Uint8Array;
  readonly level: ConsistencyLevel;
}

/** Runs one read through its core. A read at ONE may be followed by a comparison of all replicas. */
export class ReadOperation implements RunningOperation, CallEvents, AnswerReceiver<ReadAnswer | HeadAnswer> {
  readonly #shell: Shell;
  readonly #signal: AbortSignal | undefined;
  readonly #call: Call;
  readonly #level: ConsistencyLevel;
  /** Both forgotten at the end, as in a write; that is after the answer, while late replies may need repair. */
  #key: Uint8Array | undefined;
  #core: Core | undefined;
  #caller: Caller<ReadResult> | undefined;
  /** Requests that were not answered. */
  #pending = 0;
  /** What this read counts for among those that wait for late replies. */
  #lateBytes = 0;

  constructor(shell: Shell, { key, level }: CheckedRead, options: CallOptions, caller: Caller<ReadResult>) {
    this.#shell = shell;
    this.#signal = options.signal;
    this.#key = key;
    this.#level = level;
    this.#caller = caller;
    this.#call = openCall(shell, options, this);
  }

  start(): void {
    try {
      this.#core = coreFor(this.#shell, { key: this.#key!, level: this.#level }, readTime(this.#shell));
    } catch (error) {
      this.#caller?.reject(error);
      this.#end();
      return;
    }
    this.#input({ kind: this.#signal?.aborted === true ? 'client-gone' : 'start' });
  }

  /** So many owners were asked at this time already; their answers follow. */
  goOn(at: Timestamp, asked: number): void {
    this.#core = coreFor(this.#shell, { key: this.#key!, level: this.#level }, at);
    this.#pending = asked;
    this.#core.step({ kind: 'start' });
  }

  abandon(): void {
    this.onClientGone();
  }

  onImpatient(): void {
    this.#input({ kind: 'impatient' });
  }

  onDeadline(): void {
    this.#input({ kind: 'deadline' });
  }

  onClientGone(): void {
    this.#input({ kind: 'client-gone' });
  }

  onAnswer(from: number, round: number, answer: ReadAnswer | HeadAnswer): void {
    this.#arrived({ kind: 'answer', from, round, answer });
  }

  #arrived(input: ReadInput): void {
    this.#pending -= 1;
    this.#input(input);
    if (this.#pending === 0 && this.#caller === undefined) this.#end();
  }

  #input(input: ReadInput): void {
    const core = this.#core;
    const key = this.#key;
    if (core === undefined || key === undefined) return;
    try {
      for (const effect of core.step(input)) this.#execute(effect, key);
    } catch (error) {
      this.#caller?.reject(toKvError(error));
      this.#end();
    }
  }

  #execute(effect: ReadEffect, key: Uint8Array): void {
    const { counters, repairer } = this.#shell;
    switch (effect.kind) {
      case 'query':
        if (effect.round > 1) counters.repeatedReads += 1;
        this.#query(key, effect);
        return;
      case 'write-back':
        counters.writeBacks += 1;
        this.#writeBack(effect);
        return;
      case 'repair':
        repairer.repair(effect.record, effect.to);
        return;
      case 'look-again':
        compareInBackground(this.#shell, key);
        return;
      case 'clash':
        counters.versionClashes += 1;
        return;
      case 'answered':
        this.#answer(effect.result, key);
        return;
      case 'failed':
        this.#caller?.reject(readError(effect.failure, this.#signal?.reason));
        this.#end();
        return;
    }
  }

  #query(key: Uint8Array, { round, at, to, valueFrom }: ReadEffect & { kind: 'query' }): void {
    const { deadlineAtMs } = this.#call;
    const whole = { key, at, wantValue: true, deadlineAtMs, tag: round };
    const head = valueFrom === undefined ? whole : { key, at, wantValue: false, deadlineAtMs, tag: round };
    this.#pending += to.length;
    for (const from of to) {
      const channel = this.#shell.replica(from);
      if (channel === undefined) this.onAnswer(from, round, notSent);
      else channel.read(from === valueFrom ? whole : head, this);
    }
  }

  #writeBack({ round, record, to }: ReadEffect & { kind: 'write-back' }): void {
    const operation = { record: record.bytes, deadlineMs: this.#call.timeLeftMs() };
    this.#pending += to.length;
    for (const from of to) {
      void attempt<WriteAnswer>(() => this.#shell.replica(from)?.repair(operation)).then((answer) =>
        this.#arrived({ kind: 'write-back-answer', from, round, record, answer }),
      );
    }
  }

  #answer(result: ReadResult, key: Uint8Array): void {
    const caller = this.#caller;
    this.#caller = undefined;
    this.#call.close();
    if (!this.#stayLate(result)) this.#end();
    const { random, options } = this.#shell;
    if (this.#level === 'one' && random.float() < options.compareShare) compareInBackground(this.#shell, key);
    caller?.resolve(result);
  }

  /** Waiting for late replies keeps the record in memory for as long as the slowest replica takes: so many bytes of it. */
  #stayLate(result: ReadResult): boolean {
    const { background, options } = this.#shell;
    const bytes = lateBytesFixed + (result.kind === 'found' ? result.record.bytes.length : 0);
    const stays = this.#pending > 0 && background.lateBytes + bytes <= options.lateBytesMax;
    if (stays && this.#level !== 'one') {
      this.#lateBytes = bytes;
      background.lateBytes += bytes;
      return true;
    }
    return false;
  }

  #end(): void {
    this.#key = undefined;
    this.#core = undefined;
    this.#caller = undefined;
    this.#call.close();
    this.#shell.background.lateBytes -= this.#lateBytes;
    this.#lateBytes = 0;
  }
}

interface Core {
  step(input: ReadInput): readonly ReadEffect[];
}

function coreFor(shell: Shell, { key, level }: CheckedRead, at: Timestamp): Core {
  const owners = shell.placement.owners(partitionOfKey(shell, key));
  if (level === 'one') {
    const core = createReadOneCore({ owners: ownFirst(shell, owners), at });
    // It writes nothing back.
    return { step: (input) => (input.kind === 'write-back-answer' ? [] : core.step(input)) };
  }
  const { self } = shell.placement;
  return createReadCore({
    owners,
    required: requiredFor(shell, level),
    writeQuorum: writeQuorumOf(shell),
    at,
    valueFrom: owners.includes(self) ? self : owners[0],
    decisions: shell.decisions,
  });
}

/** A quorum read whose answer nobody wants: comparing and repairing is what it is for. */
export function compareInBackground(shell: Shell, key: Uint8Array): void {
  if (shell.background.comparisons >= comparisonsMax) return;
  shell.background.comparisons += 1;
  shell.counters.comparisons += 1;
  const done = (): void => {
    shell.background.comparisons -= 1;
  };
  // Too few replicas answered: there is nothing to compare, and nobody to tell.
  new ReadOperation(shell, { key, level: 'quorum' }, {}, { resolve: done, reject: done }).start();
}

/** A read's bookkeeping, roughly. */
export const lateBytesFixed = 1024;
