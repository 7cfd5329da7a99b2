import { PerformanceObserver } from 'node:perf_hooks';

import { openCoreWait } from './core-wait.js';

/** Durations of turns of the event loop, in ms. */
export interface Turns {
  /** Of the longest, what was spent neither collecting garbage nor waiting for a processor that others had: own work. */
  readonly longestMs: number;
  /** By the clock, whatever was in it. */
  readonly longestByClockMs: number;
  readonly p999Ms: number;
}

interface Collection {
  readonly beganMs: number;
  readonly tookMs: number;
}

interface Turn extends Collection {
  readonly waitedMs: number;
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
  const collections: Collection[] = [];
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
  const coreWait = openCoreWait();
  let waitedBeforeMs = coreWait.read();
  let beganMs = performance.now();
  while (!state.isDone) {
    work();
    await nextTurn();
    const endedMs = performance.now();
    const tookMs = endedMs - beganMs;
    histogram[Math.min(bucketCount - 1, Math.floor(tookMs / bucketMs))]! += 1;
    const waitedMs = coreWait.read() - waitedBeforeMs;
    if (tookMs > longTurnMs) long.push({ beganMs, tookMs, waitedMs });
    waitedBeforeMs += waitedMs;
    beganMs = endedMs;
  }
  coreWait.close();
  // Entries of collections arrive in a later turn.
  await nextTurn();
  await nextTurn();
  observer.disconnect();
  await until;
  return {
    longestMs: Math.max(0, ...long.map((turn) => ownWorkOf(turn, collections))),
    longestByClockMs: Math.max(0, ...long.map(({ tookMs }) => tookMs)),
    p999Ms: percentile(histogram, 0.999),
  };
}

const bucketMs = 0.02;
const bucketCount = 50_000;

/** A collection that had to wait for a processor counts once: of the two, the longer is taken off. */
function ownWorkOf({ beganMs, tookMs, waitedMs }: Turn, collections: readonly Collection[]): number {
  const collectedMs = collections
    .filter((each) => each.beganMs >= beganMs && each.beganMs < beganMs + tookMs)
    .reduce((sum, each) => sum + each.tookMs, 0);
  return tookMs - Math.max(collectedMs, waitedMs);
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
