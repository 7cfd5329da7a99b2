import { PerformanceObserver, performance } from 'node:perf_hooks';

import type { Turns } from '../peers/servers.js';

interface Slice {
  readonly beganMs: number;
  readonly endedMs: number;
  /** Of all threads: an upper bound for what the event loop itself computed. */
  readonly cpuMs: number;
}

const tickMs = 1;
/** Shorter ones are of no interest. */
const longMs = 3;

/**
 * Watches how long the event loop goes without returning to a timer that is due each millisecond. On a machine whose
 * processors are shared a turn is also late because others run: what the process itself computed in it is at most the
 * processor time that it used meanwhile, and at most the turn.
 */
export class TurnWatch {
  readonly #slices: Slice[] = [];
  readonly #collections: Slice[] = [];
  readonly #observer = new PerformanceObserver((list) => {
    for (const { startTime, duration } of list.getEntries()) {
      this.#collections.push({ beganMs: startTime, endedMs: startTime + duration, cpuMs: duration });
    }
  });
  readonly #timer: NodeJS.Timeout;
  #lastMs = performance.now();
  #lastCpuMs = cpuMs();

  constructor() {
    this.#observer.observe({ entryTypes: ['gc'] });
    this.#timer = setInterval(() => this.#tick(), tickMs);
    this.#timer.unref();
  }

  async stop(): Promise<Turns> {
    clearInterval(this.#timer);
    // Entries of collections arrive in a later turn.
    await new Promise((resolve) => setTimeout(resolve, 20));
    this.#observer.disconnect();
    return summarize(this.#slices, this.#collections);
  }

  #tick(): void {
    const nowMs = performance.now();
    const nowCpuMs = cpuMs();
    if (nowMs - this.#lastMs > longMs) {
      this.#slices.push({ beganMs: this.#lastMs, endedMs: nowMs, cpuMs: nowCpuMs - this.#lastCpuMs });
    }
    this.#lastMs = nowMs;
    this.#lastCpuMs = nowCpuMs;
  }
}

export function summarize(slices: readonly Slice[], collections: readonly Slice[]): Turns {
  const took = ({ beganMs, endedMs }: Slice): number => endedMs - beganMs;
  const ownWork = (slice: Slice): number => {
    const collecting = collections
      .filter(({ beganMs }) => beganMs >= slice.beganMs && beganMs < slice.endedMs)
      .reduce((sum, each) => sum + took(each), 0);
    return Math.min(took(slice) - collecting, slice.cpuMs);
  };
  return {
    longestMs: Math.max(0, ...slices.map(took)),
    longestOwnWorkMs: Math.max(0, ...slices.map(ownWork)),
    longestCollectionMs: Math.max(0, ...collections.map(took)),
  };
}

function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}
