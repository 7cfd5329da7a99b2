import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';

import type { Operations } from '../peers/system.js';
import { keyOf, keysOf, valueOf } from './keys.js';
import type { Load, LoadFigures } from './load.js';
import { Recorder } from './recorder.js';
import { createWorkload, type Workload } from './workload.js';

export interface DriverOptions {
  readonly load: Load;
  /** One for each client; the operations in flight are shared among them. */
  readonly operations: readonly Operations[];
  /** Whose processor time counts as the system's. */
  readonly serverPids: readonly number[];
}

/**
 * Measures one load, in a closed loop (so many operations under way, each worker starting its next one when its last one was
 * answered) or at a given rate. Only what ends between the end of the warm-up and the end of the duration counts, while the
 * load goes on at both ends: neither a cold start nor an emptying queue is part of the figures.
 */
export async function runLoad(options: DriverOptions): Promise<LoadFigures> {
  const { load, operations } = options;
  const recorder = new Recorder(options);
  const shared: Shared = {
    load,
    recorder,
    keys: keysOf(load.keys, load.valueBytes),
    value: valueOf(load.valueBytes),
    workload: createWorkload(load),
  };
  const drivers = operations.map((each) => new Driver(each, shared));
  const measuring = recorder.run();
  const loading =
    load.ratePerSecond === undefined
      ? Promise.all(
          Array.from({ length: load.inFlight }, (_, index) => drivers[index % drivers.length]!.loop()),
        )
      : paced(drivers, load.ratePerSecond, recorder);
  try {
    await loading;
  } catch (error) {
    recorder.cancel();
    throw error;
  }
  return measuring;
}

interface Shared {
  readonly load: Load;
  readonly recorder: Recorder;
  readonly keys: string[];
  readonly value: string;
  readonly workload: Workload;
}

/** Issues operations through one client. No closure, and no object beside the promise, is made for an operation. */
class Driver {
  readonly #operations: Operations;
  readonly #shared: Shared;

  constructor(operations: Operations, shared: Shared) {
    this.#operations = operations;
    this.#shared = shared;
  }

  async loop(): Promise<void> {
    const { recorder } = this.#shared;
    let beganMs = performance.now();
    while (!recorder.isOver) {
      try {
        const answer = await this.#issue();
        const endedMs = performance.now();
        recorder.record(endedMs - beganMs, answer);
        beganMs = endedMs;
      } catch (error) {
        await this.#refused(error);
        beganMs = performance.now();
      }
    }
  }

  async once(beganMs: number): Promise<void> {
    try {
      const answer = await this.#issue();
      this.#shared.recorder.record(performance.now() - beganMs, answer);
    } catch (error) {
      await this.#refused(error);
    }
  }

  #issue(): Promise<unknown> {
    const { workload, keys, value } = this.#shared;
    const kind = workload.draw();
    const { keyIndex } = workload;
    const key = keys[keyIndex] ?? this.#newKey(keyIndex);
    switch (kind) {
      case 'get':
        return this.#operations.get(key);
      case 'put':
      case 'insert':
        return this.#operations.put(key, value);
      case 'read-modify-write':
        return this.#readModifyWrite(key);
    }
  }

  async #readModifyWrite(key: string): Promise<unknown> {
    await this.#operations.get(key);
    return this.#operations.put(key, this.#shared.value);
  }

  #newKey(index: number): string {
    const { keys, load } = this.#shared;
    return (keys[index] = keyOf(index, load.valueBytes));
  }

  /** As an application would: counts the refusal, and waits as long as it was asked to. */
  async #refused(error: unknown): Promise<void> {
    const { load, recorder } = this.#shared;
    const refusal = load.countsRefusals === true ? this.#operations.refusal?.(error) : undefined;
    if (refusal === undefined) throw error;
    recorder.refuse();
    await sleep(refusal.retryAfterMs);
  }
}

/** Timers are no finer. */
const tickMs = 1;

/**
 * Starts operations at a rate that does not depend on how fast they are answered: what is due since the last tick starts
 * together. A tick that comes later than timers do by themselves was held up by this process, the system's client included,
 * and the wait counts as latency (else: a pause hides the operations that would have been started during it).
 */
async function paced(drivers: readonly Driver[], ratePerSecond: number, recorder: Recorder): Promise<void> {
  const startedMs = performance.now();
  // A count, and functions for all: operations in a Set would have this process collect garbage for longer than most last.
  let underWay = 0;
  let onIdle = (): void => undefined;
  let failure: { readonly error: unknown } | undefined;
  const ended = (): void => {
    underWay -= 1;
    if (underWay === 0) onIdle();
  };
  const failed = (error: unknown): void => {
    failure = { error };
    ended();
  };
  let started = 0;
  for (let dueMs = startedMs; !recorder.isOver && failure === undefined;) {
    await sleep(tickMs);
    const nowMs = performance.now();
    const beganMs = Math.min(nowMs, dueMs + 2 * tickMs);
    dueMs = nowMs;
    for (const due = ((nowMs - startedMs) / 1000) * ratePerSecond; started < due; started++) {
      underWay += 1;
      drivers[started % drivers.length]!.once(beganMs).then(ended, failed);
    }
  }
  if (failure === undefined && underWay > 0) await new Promise<void>((resolve) => (onIdle = resolve));
  if (failure !== undefined) throw failure.error;
}
