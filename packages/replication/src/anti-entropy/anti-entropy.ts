/**
 * Makes copies alike that no read compares: on an interval every partition's digest is compared with those of its other
 * owners, and what differs twice is exchanged, both ways. Plain: a differing partition is walked as a whole.
 *
 * A partition that is being written differs at almost any moment, because the record is on its way: so it has to differ
 * again a little later, in a bucket that differed before. Suspect copies are left to the rebuild.
 *
 * A pass is spread over half of the interval, a few partitions at a time: all at once they would hold up whatever else the two
 * members do, and what is written while so many answers are on their way would seem to differ.
 */
import { partitionsComparedAtOnce } from '../limits.js';
import type { Background } from './background.js';
import { sameWords } from './background.js';
import type { DigestGatherer, GatheredDigest } from './digest-gatherer.js';
import { exchangePartition } from './exchange.js';

export interface AntiEntropy {
  start(): void;
  stop(): void;
  counters(): AntiEntropyCounters;
}

/** Running totals since the start. */
export interface AntiEntropyCounters {
  readonly passes: number;
  /** Comparisons of one partition with one other copy, and those that differed twice. */
  readonly compared: number;
  readonly differed: number;
  /** Records taken from other copies, and sent to them. */
  readonly kept: number;
  readonly sent: number;
  /** Exchanges that were given up halfway. */
  readonly abandoned: number;
}

export interface AntiEntropyOptions {
  /** From pass to pass: half of it rest, spread by a fifth to either side, half of it the pass. */
  readonly intervalMs: number;
  /** Before what differed is looked at again. */
  readonly secondLookMs: number;
}

export function createAntiEntropy(
  options: AntiEntropyOptions,
  background: Background,
  gatherer: DigestGatherer,
): AntiEntropy {
  return new AntiEntropyPasses(options, background, gatherer);
}

/** This copy's bucket sums beside another's, where they differ. */
interface Difference {
  readonly partition: number;
  readonly buckets: readonly number[];
}

class AntiEntropyPasses implements AntiEntropy {
  readonly #options: AntiEntropyOptions;
  readonly #background: Background;
  readonly #gatherer: DigestGatherer;
  /** Partitions shared with each other member. */
  readonly #shared: ReadonlyMap<number, readonly number[]>;
  /** Between the questions of a pass. */
  readonly #pauseMs: number;
  readonly #counters = { passes: 0, compared: 0, differed: 0, kept: 0, sent: 0, abandoned: 0 };
  #cancelTimer: () => void = () => undefined;
  #stopped = false;

  constructor(options: AntiEntropyOptions, background: Background, gatherer: DigestGatherer) {
    this.#options = options;
    this.#background = background;
    this.#gatherer = gatherer;
    this.#shared = sharedPartitions(background);
    let questions = 0;
    for (const { length } of this.#shared.values()) questions += Math.ceil(length / partitionsComparedAtOnce);
    this.#pauseMs = options.intervalMs / 2 / questions;
  }

  counters(): AntiEntropyCounters {
    return { ...this.#counters };
  }

  start(): void {
    if (this.#stopped || this.#shared.size === 0) return;
    const delayMs = (this.#options.intervalMs / 2) * (0.8 + 0.4 * this.#background.random.float());
    this.#cancelTimer = this.#background.timers.after(delayMs, () => void this.#pass());
  }

  stop(): void {
    this.#stopped = true;
    this.#cancelTimer();
  }

  /** Never rejects. One member after the other: the next often has nothing left to say. */
  async #pass(): Promise<void> {
    for (const [member, partitions] of this.#shared) {
      try {
        await this.#compareWith(member, partitions);
      } catch (error) {
        if (!this.#stopped) this.#background.logger.warn({ err: error, member }, 'copies were not compared');
      }
      if (this.#stopped) return;
    }
    this.#counters.passes += 1;
    this.start();
  }

  async #compareWith(member: number, partitions: readonly number[]): Promise<void> {
    const first = await this.#differences(member, partitions);
    if (first.length === 0 || this.#stopped) return;
    await this.#wait(this.#options.secondLookMs);
    const before = new Map(first.map(({ partition, buckets }) => [partition, buckets]));
    const second = await this.#differences(member, [...before.keys()]);
    let kept = 0;
    let sent = 0;
    for (const { partition, buckets } of second) {
      if (this.#isStopped() || !buckets.some((bucket) => before.get(partition)?.includes(bucket))) continue;
      const exchanged = await this.#exchange(member, partition);
      kept += exchanged.kept;
      sent += exchanged.sent;
    }
    if (kept + sent > 0) {
      this.#background.logger.info({ member, partitions: second.length, kept, sent }, 'copies differed');
    }
  }

  async #exchange(
    member: number,
    partition: number,
  ): Promise<{ readonly kept: number; readonly sent: number }> {
    const { suspectPartitions } = this.#background.engine;
    const isWanted = (): boolean => !this.#isStopped() && !suspectPartitions.has(partition);
    const { kept, sent, complete } = await exchangePartition(
      this.#background,
      { partition, member },
      isWanted,
    );
    this.#counters.differed += 1;
    this.#counters.kept += kept;
    this.#counters.sent += sent;
    if (!complete) this.#counters.abandoned += 1;
    return { kept, sent };
  }

  /** A member that does not answer is not asked for the rest. */
  async #differences(member: number, partitions: readonly number[]): Promise<Difference[]> {
    const { suspectPartitions } = this.#background.engine;
    const differences: Difference[] = [];
    for (let first = 0; first < partitions.length; first += partitionsComparedAtOnce) {
      if (first > 0) await this.#wait(this.#pauseMs);
      const some = partitions.slice(first, first + partitionsComparedAtOnce);
      const sound = some.filter((partition) => !suspectPartitions.has(partition));
      const answers = await Promise.all(sound.map((partition) => this.#gatherer.digest(member, partition)));
      if (this.#stopped || (sound.length > 0 && answers.every((answer) => answer === undefined))) break;
      for (const [index, answer] of answers.entries()) {
        const buckets = this.#differingBuckets(sound[index]!, answer);
        if (buckets.length > 0) differences.push({ partition: sound[index]!, buckets });
      }
    }
    return differences;
  }

  #differingBuckets(partition: number, answer: GatheredDigest): readonly number[] {
    if (answer?.digest.kind !== 'digest' || answer.digest.suspect) return [];
    this.#counters.compared += 1;
    const { engine, decisions } = this.#background;
    return differingBuckets(decisions.digest(engine, partition), answer.digest.words);
  }

  #isStopped(): boolean {
    return this.#stopped;
  }

  #wait(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      this.#cancelTimer = this.#background.timers.after(delayMs, resolve);
    });
  }
}

function differingBuckets(own: Uint32Array, other: Uint32Array): number[] {
  if (sameWords(own, other)) return [];
  const buckets: number[] = [];
  for (let word = 0; word < Math.max(own.length, other.length); word += 2) {
    if (own[word] !== other[word] || own[word + 1] !== other[word + 1]) buckets.push(word >>> 1);
  }
  return buckets;
}

function sharedPartitions({ placement, engine }: Background): ReadonlyMap<number, readonly number[]> {
  const shared = new Map<number, number[]>();
  for (let partition = 0; partition < engine.partitions; partition += 1) {
    const owners = placement.owners(partition);
    if (!owners.includes(placement.self)) continue;
    for (const member of owners) {
      if (member === placement.self) continue;
      const partitions = shared.get(member) ?? [];
      partitions.push(partition);
      shared.set(member, partitions);
    }
  }
  return shared;
}
