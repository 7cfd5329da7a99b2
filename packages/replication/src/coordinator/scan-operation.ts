import { KvError, toKvError } from '@kv/errors';
import type { RecordView } from '@kv/storage';

import { attempt } from './attempt.js';
import { type Call, openCall } from './call.js';
import type { Caller } from './caller.js';
import type { ConsistencyLevel } from '../consistency-level.js';
import { readError } from '../errors.js';
import { scanPageBytesMax, scanPageRecordsMax } from '../limits.js';
import type { CallOptions, ScanEntry, ScanPage } from './requests.js';
import {
  createScanCore,
  type ScanAnswer,
  type ScanCore,
  type ScanEffect,
  type ScanInput,
} from '../cores/scan-core.js';
import { ownFirst, partitionOfKey, readTime, requiredFor, type Shell } from './shell.js';

export interface CheckedScan {
  readonly prefix: Uint8Array;
  /** Empty = from the start. */
  readonly after: Uint8Array;
  /** Infinity = no limit. */
  readonly limit: number;
  readonly level: ConsistencyLevel;
}

/**
 * All partitions in order, page by page. The first pages of the next few partitions are fetched ahead, because a store
 * has many partitions and each costs a round trip; the pages behind them only when they are asked for.
 */
export async function* runScan(
  shell: Shell,
  scan: CheckedScan,
  options: CallOptions,
): AsyncGenerator<ScanPage, void, undefined> {
  const { partitions, scanAheadPages } = shell.options;
  const deadlineAtMs =
    options.timeoutMs === undefined ? Infinity : shell.clock.monotonicMs() + options.timeoutMs;
  let left = scan.limit;
  const fetch = (partition: number, after: Uint8Array): Promise<MergedPage> => {
    const timeoutMs = deadlineAtMs - shell.clock.monotonicMs();
    const limit = Math.min(left, scanPageRecordsMax);
    const page = fetchPage(shell, { ...scan, partition, after, limit }, { ...options, timeoutMs });
    // A page that was fetched ahead may fail when the scan was left already: nobody is there to be told.
    page.catch(() => undefined);
    return page;
  };
  const start = scan.after.length === 0 ? 0 : partitionOfKey(shell, scan.after);
  const ahead: Promise<MergedPage>[] = [];
  for (let partition = start; partition < partitions; partition += 1) {
    while (ahead.length < scanAheadPages && partition + ahead.length < partitions) {
      const next = partition + ahead.length;
      ahead.push(fetch(next, next === start ? scan.after : noBytes));
    }
    let page = await ahead.shift()!;
    for (;;) {
      const records = page.records.slice(0, left);
      left -= records.length;
      const cut = records.length < page.records.length || left === 0;
      const next = cut ? records.at(-1)?.key : page.next;
      if (records.length > 0) yield { entries: records.map(entryOf), next: next ?? records.at(-1)?.key };
      if (cut) return;
      if (page.next === undefined) break;
      page = await fetch(partition, page.next);
    }
  }
  yield { entries: [], next: undefined };
}

interface MergedPage {
  readonly records: readonly RecordView[];
  readonly next: Uint8Array | undefined;
}

interface PageRequest extends CheckedScan {
  readonly partition: number;
}

const noBytes = new Uint8Array(0);

function entryOf({ key, value, version, expiresAtMs }: RecordView): ScanEntry {
  return { key, value, version, expiresAtMs };
}

function fetchPage(shell: Shell, request: PageRequest, options: CallOptions): Promise<MergedPage> {
  return new Promise((resolve, reject) => {
    new PageOperation(shell, request, options, { resolve, reject }).start();
  });
}

/** Runs one page through its core. */
class PageOperation {
  readonly #shell: Shell;
  readonly #signal: AbortSignal | undefined;
  readonly #call: Call;
  readonly #request: PageRequest;
  /** Forgotten at the end, as in a write. */
  #running: { readonly core: ScanCore; readonly caller: Caller<MergedPage> } | undefined;

  constructor(shell: Shell, request: PageRequest, options: CallOptions, caller: Caller<MergedPage>) {
    this.#shell = shell;
    this.#signal = options.signal;
    this.#request = request;
    const core = createScanCore({
      owners: ownFirst(shell, shell.placement.owners(request.partition)),
      required: requiredFor(shell, request.level),
      at: readTime(shell),
      decisions: shell.decisions,
    });
    this.#running = { core, caller };
    this.#call = openCall(shell, options, {
      onImpatient: () => this.#input({ kind: 'impatient' }),
      onDeadline: () => this.#input({ kind: 'deadline' }),
      onClientGone: () => this.#input({ kind: 'client-gone' }),
    });
  }

  start(): void {
    this.#input({ kind: this.#signal?.aborted === true ? 'client-gone' : 'start' });
  }

  #input(input: ScanInput): void {
    const running = this.#running;
    if (running === undefined) return;
    try {
      for (const effect of running.core.step(input)) this.#execute(effect, running.caller);
    } catch (error) {
      this.#end(() => running.caller.reject(toKvError(error)));
    }
  }

  #execute(effect: ScanEffect, caller: Caller<MergedPage>): void {
    switch (effect.kind) {
      case 'fetch':
        if (effect.round > 1) this.#shell.counters.repeatedReads += 1;
        this.#fetch(effect);
        return;
      case 'page':
        this.#end(() => caller.resolve(effect));
        return;
      case 'repair':
        this.#shell.repairer.repair(effect.record, effect.to);
        return;
      case 'failed':
        this.#end(() => caller.reject(this.#error(effect)));
        return;
    }
  }

  #fetch({ round, at, to }: ScanEffect & { kind: 'fetch' }): void {
    const { partition, prefix, after, limit } = this.#request;
    const bounds = { limit, bytesMax: scanPageBytesMax, deadlineMs: this.#call.timeLeftMs() };
    const operation = { partition, prefix, after, at, ...bounds };
    for (const from of to) {
      void attempt<ScanAnswer>(() => this.#shell.replica(from)?.scanPartition(operation)).then((answer) =>
        this.#input({ kind: 'answer', from, round, answer }),
      );
    }
  }

  #error({ failure }: ScanEffect & { kind: 'failed' }): KvError {
    const error = readError(failure, this.#signal?.reason);
    const { required, received, cause, code } = error;
    return new KvError(code, `scan of partition ${this.#request.partition}: ${error.message}`, {
      required,
      received,
      cause,
    });
  }

  #end(answer: () => void): void {
    if (this.#running === undefined) return;
    this.#running = undefined;
    this.#call.close();
    answer();
  }
}
