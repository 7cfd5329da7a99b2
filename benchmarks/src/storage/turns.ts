import { PerformanceObserver } from 'node:perf_hooks';

/** Durations of turns of the event loop, in ms. */
export interface Turns {
  /** Of the longest, what was not spent collecting garbage: the longest stretch of somebody's own work. */
  readonly longestMs: number;
  readonly longestWithGarbageCollectionMs: number;
  readonly p999Ms: number;
}

interface Turn {
  readonly beganMs: number;
  readonly tookMs: number;
}

/** Long enough to be of interest: the collections are subtracted from these. */
const longTurnMs = 2;

/**
 * Runs `work` in turn after turn of the event loop while `until` is under way, and watches how long each turn takes,
 * whatever else runs in it. `work` must be short, as it counts.
 */
export async function watchTurns(
  until: Promise<unknown>,
  work: () => void = () => undefined,
): Promise<Turns> {
  const collections: Turn[] = [];
  const observer = new PerformanceObserver((list) => {
    for (const { startTime, duration } of list.getEntries()) {
      collections.push({ beganMs: startTime, tookMs: duration });
    }
  });
  observer.observe({ entryTypes: ['gc'] });
  const state = { isDone: false };
  const finished = (): void => {
    state.isDone = true;
  };
  until.then(finished, finished);
  const long: Turn[] = [];
  const histogram = new Uint32Array(bucketCount);
  let beganMs = performance.now();
  while (!state.isDone) {
    work();
    await nextTurn();
    const endedMs = performance.now();
    const tookMs = endedMs - beganMs;
    histogram[Math.min(bucketCount - 1, Math.floor(tookMs / bucketMs))]! += 1;
    if (tookMs > longTurnMs) long.push({ beganMs, tookMs });
    beganMs = endedMs;
  }
  // Entries of collections arrive in a later turn.
  await nextTurn();
  await nextTurn();
  observer.disconnect();
  await until;
  return {
    longestMs: Math.max(0, ...long.map((turn) => turn.tookMs - collectedWithin(turn, collections))),
    longestWithGarbageCollectionMs: Math.max(0, ...long.map(({ tookMs }) => tookMs)),
    p999Ms: percentile(histogram, 0.999),
  };
}

const bucketMs = 0.02;
const bucketCount = 50_000;

function collectedWithin({ beganMs, tookMs }: Turn, collections: readonly Turn[]): number {
  return collections
    .filter((each) => each.beganMs >= beganMs && each.beganMs < beganMs + tookMs)
    .reduce((sum, each) => sum + each.tookMs, 0);
}

function percentile(histogram: Uint32Array, share: number): number {
  let left = histogram.reduce((sum, count) => sum + count, 0) * share;
  for (let bucket = 0; bucket < histogram.length; bucket += 1) {
    left -= histogram[bucket]!;
    if (left <= 0) return (bucket + 1) * bucketMs;
  }
  return NaN;
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => void setImmediate(resolve));
}
