import { hedgeSamplesKept } from '../limits.js';

const { log2 } = Math;

/** A step is an eighth of a doubling: 9 %. */
const stepsPerDoubling = 8;
const shortestMs = 1 / 16;
const buckets = 24 * stepsPerDoubling;

/** Of recent latencies, which of them few exceed. Older ones count half with every so many new ones. */
export class LatencyHistogram {
  readonly #counts = new Float64Array(buckets);
  #total = 0;

  get samples(): number {
    return this.#total;
  }

  record(latencyMs: number): void {
    const step = latencyMs <= shortestMs ? 0 : Math.ceil(log2(latencyMs / shortestMs) * stepsPerDoubling);
    const bucket = Math.min(buckets - 1, step);
    this.#counts[bucket]! += 1;
    this.#total += 1;
    if (this.#total < hedgeSamplesKept) return;
    for (let index = 0; index < buckets; index += 1) this.#counts[index]! /= 2;
    this.#total /= 2;
  }

  /** So many milliseconds, rounded up by a step, are exceeded by a share of at most 1 − `share`. */
  quantileMs(share: number): number {
    let above = this.#total * (1 - share);
    for (let bucket = buckets - 1; bucket > 0; bucket -= 1) {
      above -= this.#counts[bucket]!;
      if (above < 0) return shortestMs * 2 ** ((bucket + 1) / stepsPerDoubling);
    }
    return shortestMs;
  }
}
