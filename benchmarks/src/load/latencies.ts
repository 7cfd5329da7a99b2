import { build, type Histogram } from 'hdr-histogram-js';

import type { Percentiles } from './load.js';

const largestUs = 60_000_000;

/** A histogram of latencies with three significant digits (HDR), from 1 µs to a minute. */
export class Latencies {
  readonly #histogram: Histogram = build({ lowestDiscernibleValue: 1, highestTrackableValue: largestUs });

  record(milliseconds: number): void {
    this.#histogram.recordValue(Math.min(largestUs, Math.max(1, Math.round(milliseconds * 1000))));
  }

  get count(): number {
    return this.#histogram.totalCount;
  }

  add(other: Latencies): void {
    this.#histogram.add(other.#histogram);
  }

  reset(): void {
    this.#histogram.reset();
  }

  percentiles(): Percentiles {
    const at = (percentile: number): number => this.#histogram.getValueAtPercentile(percentile);
    return {
      meanUs: Math.round(this.#histogram.mean),
      p50Us: at(50),
      p90Us: at(90),
      p95Us: at(95),
      p99Us: at(99),
      p999Us: at(99.9),
      maxUs: this.#histogram.maxValue,
    };
  }
}
