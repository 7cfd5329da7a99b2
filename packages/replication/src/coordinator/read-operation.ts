import { toKvError } from '@kv/errors';

import { attempt } from './attempt.js';
import { type Call, openCall } from './call.js';
import type { ConsistencyLevel } from '../consistency-level.js';
import { readError } from '../errors.js';
import { comparisonsMax } from '../limits.js';
import {
  createReadCore,
  type ReadAnswer,
  type ReadEffect,
  type ReadInput,
  type ReadResult,
} from '../cores/read-core.js';
import { createReadOneCore } from '../cores/read-one-core.js';
import type { CallOptions } from './requests.js';
import { ownFirst, partitionOfKey, readTime, requiredFor, type Shell, writeQuorumOf } from './shell.js';
import type { WriteAnswer } from '../cores/write-answer.js';

/** Runs one read through its core. A read at ONE may be followed by a comparison of all replicas. */
export async function runRead(
  shell: Shell,
  read: { readonly key: Uint8Array; readonly level: ConsistencyLevel },
  options: CallOptions,
): Promise<ReadResult> {
  const { key, level } = read;
  if (level !== 'one') return runQuorumRead(shell, read, options);
  const owners = ownFirst(shell, shell.placement.owners(partitionOfKey(shell, key)));
  const core = createReadOneCore({ owners, at: readTime(shell) });
  const plan: Plan = {
    key,
    level,
    step: (input) => (input.kind === 'write-back-answer' ? [] : core.step(input)),
  };
  const result = await new Promise<ReadResult>((resolve, reject) => {
    new ReadOperation(shell, plan, options, { resolve, reject }).start();
  });
  if (shell.random.float() < shell.options.compareShare) compareInBackground(shell, key);
  return result;
}

function runQuorumRead(
  shell: Shell,
  { key, level }: { readonly key: Uint8Array; readonly level: ConsistencyLevel },
  options: CallOptions,
): Promise<ReadResult> {
  const core = createReadCore({
    owners: shell.placement.owners(partitionOfKey(shell, key)),
    required: requiredFor(shell, level),
    writeQuorum: writeQuorumOf(shell),
    at: readTime(shell),
    decisions: shell.decisions,
  });
  const plan: Plan = { key, level, step: (input) => (input.kind === 'impatient' ? [] : core.step(input)) };
  return new Promise((resolve, reject) => {
    new ReadOperation(shell, plan, options, { resolve, reject }).start();
  });
}

/** A quorum read whose answer nobody wants: comparing and repairing is what it is for. */
function compareInBackground(shell: Shell, key: Uint8Array): void {
  if (shell.background.comparisons >= comparisonsMax) return;
  shell.background.comparisons += 1;
  shell.counters.comparisons += 1;
  const done = (): void => {
    shell.background.comparisons -= 1;
  };
  // Too few replicas answered: there is nothing to compare, and nobody to tell.
  runRead(shell, { key, level: 'quorum' }, {}).then(done, done);
}

interface Plan {
  readonly key: Uint8Array;
  readonly level: ConsistencyLevel;
  /** The core: only one at ONE can become impatient, and it writes nothing back. */
  step(input: ReadInput | { readonly kind: 'impatient' }): readonly ReadEffect[];
}

interface Caller {
  resolve(result: ReadResult): void;
  reject(error: unknown): void;
}

class ReadOperation {
  readonly #shell: Shell;
  readonly #signal: AbortSignal | undefined;
  readonly #call: Call;
  /** Forgotten at the end, as in a write; that is after the answer, while late replies may need repair. */
  #plan: Plan | undefined;
  #caller: Caller | undefined;
  /** Requests that were not answered. */
  #pending = 0;
  /** What this read counts for among those that wait for late replies. */
  #lateBytes = 0;

  constructor(shell: Shell, plan: Plan, options: CallOptions, caller: Caller) {
    this.#shell = shell;
    this.#signal = options.signal;
    this.#plan = plan;
    this.#caller = caller;
    this.#call = openCall(shell, options, {
      ...(plan.level === 'one' ? { onImpatient: () => this.#input({ kind: 'impatient' }) } : {}),
      onDeadline: () => this.#input({ kind: 'deadline' }),
      onClientGone: () => this.#input({ kind: 'client-gone' }),
    });
  }

  start(): void {
    this.#input({ kind: this.#signal?.aborted === true ? 'client-gone' : 'start' });
  }

  #input(input: ReadInput | { readonly kind: 'impatient' }): void {
    const plan = this.#plan;
    if (plan === undefined) return;
    try {
      for (const effect of plan.step(input)) this.#execute(effect, plan.key);
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
      case 'clash':
        counters.versionClashes += 1;
        return;
      case 'answered':
        this.#answer(effect.result);
        return;
      case 'failed':
        this.#caller?.reject(readError(effect.failure, this.#signal?.reason));
        this.#end();
        return;
    }
  }

  #query(key: Uint8Array, { round, at, to }: ReadEffect & { kind: 'query' }): void {
    const operation = { key, at, deadlineMs: this.#call.timeLeftMs() };
    for (const from of to) {
      this.#expect(
        attempt<ReadAnswer>(() => this.#shell.replica(from)?.read(operation)),
        (answer) => this.#input({ kind: 'answer', from, round, answer }),
      );
    }
  }

  #writeBack({ round, record, to }: ReadEffect & { kind: 'write-back' }): void {
    const operation = { record: record.bytes, deadlineMs: this.#call.timeLeftMs() };
    for (const from of to) {
      this.#expect(
        attempt<WriteAnswer>(() => this.#shell.replica(from)?.repair(operation)),
        (answer) => this.#input({ kind: 'write-back-answer', from, round, record, answer }),
      );
    }
  }

  #expect<Answer>(reply: Promise<Answer>, then: (answer: Answer) => void): void {
    this.#pending += 1;
    void reply.then((answer) => {
      this.#pending -= 1;
      then(answer);
      if (this.#pending === 0 && this.#caller === undefined) this.#end();
    });
  }

  #answer(result: ReadResult): void {
    const caller = this.#caller;
    this.#caller = undefined;
    this.#call.close();
    if (!this.#stayLate(result)) this.#end();
    caller?.resolve(result);
  }

  /** Waiting for late replies keeps the record in memory for as long as the slowest replica takes: so many bytes of it. */
  #stayLate(result: ReadResult): boolean {
    const { background, options } = this.#shell;
    const bytes = lateBytesFixed + (result.kind === 'found' ? result.record.bytes.length : 0);
    const stays = this.#pending > 0 && background.lateBytes + bytes <= options.lateBytesMax;
    if (stays && this.#plan?.level !== 'one') {
      this.#lateBytes = bytes;
      background.lateBytes += bytes;
      return true;
    }
    return false;
  }

  #end(): void {
    this.#plan = undefined;
    this.#caller = undefined;
    this.#call.close();
    this.#shell.background.lateBytes -= this.#lateBytes;
    this.#lateBytes = 0;
  }
}

/** A read's bookkeeping, roughly. */
const lateBytesFixed = 1024;
