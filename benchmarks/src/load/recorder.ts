import { performance } from 'node:perf_hooks';

import { Latencies } from './latencies.js';
import type { Load, LoadFigures, Sample } from './load.js';
import { type ProcessUsage, usageOf } from './process-usage.js';

/** A system that ends fewer operations than are in flight in so long a time is shown as that. */
const extensionMsMax = 10_000;

interface Usage {
  readonly atMs: number;
  readonly server: ProcessUsage | undefined;
  readonly client: ProcessUsage | undefined;
}

export interface RecorderOptions {
  readonly load: Load;
  readonly serverPids: readonly number[];
}

/** Counts what ends in the time that is measured, and the processor time that passes in it. */
export class Recorder {
  readonly #options: RecorderOptions;
  readonly #latencies = new Latencies();
  /** Of the interval of the timeline that runs now. */
  readonly #sample = new Latencies();
  readonly #timeline: Sample[] = [];
  #isRecording = false;
  #isOver = false;
  #refused = 0;
  #absent = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: RecorderOptions) {
    this.#options = options;
  }

  /** No further operation is to be started. */
  get isOver(): boolean {
    return this.#isOver;
  }

  record(milliseconds: number, answer: unknown): void {
    if (!this.#isRecording) return;
    this.#sample.record(milliseconds);
    if (answer === undefined || answer === null) this.#absent++;
  }

  refuse(): void {
    if (this.#isRecording) this.#refused++;
  }

  /** The run failed: nothing is recorded any more. */
  cancel(): void {
    clearTimeout(this.#timer);
    this.#isRecording = false;
    this.#isOver = true;
  }

  /** Resolves when the time is over. */
  async run(): Promise<LoadFigures> {
    const { warmUpMs, durationMs, sampleEveryMs = durationMs } = this.#options.load;
    await this.#wait(warmUpMs);
    this.#isRecording = true;
    const began = this.#usage();
    for (let last = began; this.#goesOn(last.atMs - began.atMs);) {
      const leftMs = began.atMs + durationMs - last.atMs;
      // A last interval that is only a splinter would show noise.
      const isLast = leftMs > 0 && leftMs < 1.5 * sampleEveryMs;
      await this.#wait(isLast ? leftMs : sampleEveryMs);
      last = this.#takeSample(began, last);
    }
    this.#isRecording = false;
    this.#isOver = true;
    return this.#figures(began, this.#usage());
  }

  /** Until the time is over, and longer if so little ended in it that it would say nothing. */
  #goesOn(elapsedMs: number): boolean {
    const { durationMs, inFlight } = this.#options.load;
    if (elapsedMs < durationMs) return true;
    return this.#latencies.count + this.#refused < inFlight && elapsedMs < durationMs + extensionMsMax;
  }

  #takeSample(began: Usage, last: Usage): Usage {
    const now = this.#usage();
    this.#timeline.push({
      atSeconds: (now.atMs - began.atMs) / 1000,
      opsPerSecond: perSecond(this.#sample.count, now.atMs - last.atMs),
      ...this.#sample.percentiles(),
      ...(now.server === undefined ? {} : { serverResidentBytes: now.server.residentBytes }),
      ...(now.client === undefined ? {} : { clientResidentBytes: now.client.residentBytes }),
    });
    this.#latencies.add(this.#sample);
    this.#sample.reset();
    return now;
  }

  #figures(began: Usage, ended: Usage): LoadFigures {
    const { count: operations } = this.#latencies;
    const elapsedMs = ended.atMs - began.atMs;
    const server = cpuSecondsBetween(began.server, ended.server);
    const client = cpuSecondsBetween(began.client, ended.client);
    return {
      opsPerSecond: perSecond(operations, elapsedMs),
      operations,
      seconds: elapsedMs / 1000,
      refused: this.#refused,
      absent: this.#absent,
      ...this.#latencies.percentiles(),
      ...(server === undefined ? {} : { serverCpuSeconds: server }),
      ...(client === undefined ? {} : { clientCpuSeconds: client }),
      ...(this.#options.load.sampleEveryMs === undefined ? {} : { timeline: this.#timeline }),
    };
  }

  #usage(): Usage {
    return {
      atMs: performance.now(),
      server: usageOf(this.#options.serverPids),
      client: usageOf([process.pid]),
    };
  }

  #wait(milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      this.#timer = setTimeout(resolve, milliseconds);
    });
  }
}

function perSecond(count: number, milliseconds: number): number {
  return Math.round((count / milliseconds) * 1000);
}

function cpuSecondsBetween(
  began: ProcessUsage | undefined,
  ended: ProcessUsage | undefined,
): number | undefined {
  if (began === undefined || ended === undefined) return undefined;
  return Math.round((ended.cpuSeconds - began.cpuSeconds) * 1000) / 1000;
}
