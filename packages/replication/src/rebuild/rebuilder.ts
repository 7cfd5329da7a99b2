import { rebuildsMax } from '../limits.js';
import { type Background, otherOwners } from '../anti-entropy/background.js';
import type { DigestGatherer } from '../anti-entropy/digest-gatherer.js';
import { createPartitionRebuild, type PartitionRebuild } from './partition-rebuild.js';

/** Rebuilds suspect partitions from their other owners until none is left (rule 14). */
export interface Rebuilder {
  /** Looks for suspect partitions now: at the start, and when some were marked. */
  wake(): void;
  /** The marks are of another loss: what was merged for the one before is not enough. */
  restart(): void;
  stop(): void;
  counters(): RebuildCounters;
}

/** Running totals since the start. */
export interface RebuildCounters {
  readonly partitionsRebuilt: number;
  /** Records and bytes that other owners sent for it, news or not. */
  readonly recordsMerged: number;
  readonly bytesMerged: number;
  /** Partitions for which too few owners could be merged from, and which were tried again later. */
  readonly pauses: number;
}

export interface RebuilderOptions {
  /** After too few owners answered, in milliseconds. */
  readonly pauseMs: number;
}

export function createRebuilder(
  options: RebuilderOptions,
  background: Background,
  gatherer: DigestGatherer,
): Rebuilder {
  return new BackgroundRebuilder(options, background, gatherer);
}

class BackgroundRebuilder implements Rebuilder {
  readonly #options: RebuilderOptions;
  readonly #background: Background;
  readonly #gatherer: DigestGatherer;
  readonly #running = new Map<number, PartitionRebuild>();
  /** Of these, those that wait for owners: they must not keep others from their turn. */
  readonly #paused = new Set<number>();
  /** Merged, while their marks are being taken away together. */
  #rebuilt: number[] = [];
  #clearing = false;
  #stopped = false;
  /** Counts restarts. */
  #life = 0;
  #cancelPause: (() => void) | undefined;
  readonly #counters = { partitionsRebuilt: 0, recordsMerged: 0, bytesMerged: 0, pauses: 0 };

  constructor(options: RebuilderOptions, background: Background, gatherer: DigestGatherer) {
    this.#options = options;
    this.#background = background;
    this.#gatherer = gatherer;
  }

  counters(): RebuildCounters {
    return { ...this.#counters };
  }

  wake(): void {
    if (this.#stopped) return;
    for (const partition of this.#background.engine.suspectPartitions) {
      if (this.#running.size - this.#paused.size >= rebuildsMax) return;
      if (this.#running.has(partition) || this.#rebuilt.includes(partition)) continue;
      const rebuild = this.#begin(partition);
      this.#running.set(partition, rebuild);
      rebuild.start();
    }
  }

  restart(): void {
    this.#life += 1;
    for (const rebuild of this.#running.values()) rebuild.abandon();
    this.#running.clear();
    this.#paused.clear();
    this.#rebuilt = [];
    this.wake();
  }

  stop(): void {
    this.#stopped = true;
    this.#cancelPause?.();
    for (const rebuild of this.#running.values()) rebuild.abandon();
    this.#running.clear();
  }

  #begin(partition: number): PartitionRebuild {
    if (otherOwners(this.#background, partition).length === 0) {
      const sentence = 'records of a partition may be lost for good: no other member holds it';
      this.#background.logger.warn({ partition }, sentence);
    }
    const events = {
      rebuilt: (done: number) => {
        this.#running.delete(done);
        this.#paused.delete(done);
        this.#rebuilt.push(done);
        void this.#clear();
      },
      paused: () => {
        this.#paused.add(partition);
        this.#pause();
        this.wake();
      },
      pageMerged: ({ records, bytes }: { records: number; bytes: number }) => {
        this.#counters.recordsMerged += records;
        this.#counters.bytesMerged += bytes;
      },
    };
    return createPartitionRebuild(partition, this.#background, { gatherer: this.#gatherer, events });
  }

  /** One write of the marks for all that are done by now: each costs several syncs. */
  async #clear(): Promise<void> {
    if (this.#clearing) return;
    this.#clearing = true;
    // Those that finish in the same turn come along.
    await Promise.resolve();
    const { engine, logger } = this.#background;
    const life = this.#life;
    while (this.#rebuilt.length > 0 && !this.#stopped) {
      const done = this.#rebuilt;
      try {
        await engine.clearSuspect(done);
      } catch (error) {
        logger.warn({ err: error }, 'rebuilt partitions stay suspect: their marks could not be taken away');
        if (life === this.#life) this.#rebuilt = [];
        this.#pause();
        break;
      }
      if (life !== this.#life) continue;
      this.#rebuilt = this.#rebuilt.filter((partition) => !done.includes(partition));
      this.#counters.partitionsRebuilt += done.length;
      logger.info({ rebuilt: done.length, left: engine.suspectPartitions.size }, 'partitions rebuilt');
      this.wake();
    }
    this.#clearing = false;
  }

  #pause(): void {
    this.#counters.pauses += 1;
    if (this.#stopped) return;
    this.#cancelPause ??= this.#background.timers.after(this.#options.pauseMs, () => {
      this.#cancelPause = undefined;
      this.#paused.clear();
      for (const rebuild of this.#running.values()) rebuild.resume();
      this.wake();
    });
  }
}
