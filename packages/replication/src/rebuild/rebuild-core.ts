/**
 * How a replica that may have lost records of a partition comes to count again, as decisions only (rules 14, 15).
 *
 * The promise: once it is done, the replica holds every record that any quorum acknowledged, or a newer one of its key,
 * as if it had lost nothing.
 *
 * The simple version copies the partition from one other owner. It breaks because an acknowledged write is on W owners
 * of N, of which this one may have been one, and the source none. N - W + 1 *other* owners that lost nothing themselves
 * include one that holds it. Two owners that both lost something would wait for each other for ever; all the other
 * N - 1, in whatever state, hold all there is left.
 *
 * Before a source shows anything it notes durably that this replica began a new incarnation, and names it in every
 * reply from then on: so a write that a source takes in behind our back cannot be completed by an acknowledgement that
 * this replica gave before its loss.
 */
import type { Timestamp } from '@kv/hlc';
import { zeroTimestamp } from '@kv/hlc';

import { quorumOf } from '../consistency-level.js';
import { type Decisions, soundDecisions } from '../decisions.js';

export interface RebuildCoreOptions {
  /** Members that own the partition, but this one. */
  readonly others: readonly number[];
  /** N. */
  readonly replicationFactor: number;
  /** Default: the sound ones. */
  readonly decisions?: Decisions | undefined;
}

/** What every answer of a source tells. */
export interface SourceFacts {
  readonly from: number;
  /** It may have lost records itself. */
  readonly suspect: boolean;
  /** Its own, 1 if it never lost anything. */
  readonly incarnation: number;
  readonly purgeFloor: Timestamp;
  readonly epoch: number;
}

export type RebuildInput =
  | { readonly kind: 'start' }
  /** Its durable records were compared with what is here now. */
  | ({ readonly kind: 'compared'; readonly equal: boolean } & SourceFacts)
  /** A page of its records was taken in. `next`: the following one begins behind this key; undefined = that was all. */
  | ({ readonly kind: 'merged'; readonly next: Uint8Array | undefined } & SourceFacts)
  /** No answer, or no room for what it sent. */
  | { readonly kind: 'failed'; readonly from: number }
  /** Some time after `pause`. */
  | { readonly kind: 'resume' };

export type RebuildEffect =
  | { readonly kind: 'compare'; readonly with: readonly number[] }
  /** Undefined = from the start. */
  | { readonly kind: 'fetch'; readonly from: number; readonly after: Uint8Array | undefined }
  /** Not enough owners can be merged from now. */
  | { readonly kind: 'pause' }
  /** Adopt these, then take the mark away, durably. */
  | { readonly kind: 'rebuilt'; readonly purgeFloor: Timestamp; readonly epoch: number };

export interface RebuildCore {
  step(input: RebuildInput): readonly RebuildEffect[];
}

export function createRebuildCore(options: RebuildCoreOptions): RebuildCore {
  return new PartitionRebuild(options);
}

interface Source {
  state: 'asked' | 'merged' | 'failed';
  /** In this pass over its records. */
  suspect: boolean;
  /** When the pass began; undefined = none has. */
  incarnation: number | undefined;
  /** Everything up to this key was taken in. */
  after: Uint8Array | undefined;
}

const nothing: readonly RebuildEffect[] = [];

class PartitionRebuild implements RebuildCore {
  readonly #options: RebuildCoreOptions;
  readonly #decisions: Decisions;
  readonly #sources: Map<number, Source>;
  #purgeFloor: Timestamp = zeroTimestamp;
  #epoch = 0;
  #done = false;

  constructor(options: RebuildCoreOptions) {
    this.#options = options;
    this.#decisions = options.decisions ?? soundDecisions;
    this.#sources = new Map(
      options.others.map((member) => [
        member,
        { state: 'failed', suspect: false, incarnation: undefined, after: undefined },
      ]),
    );
  }

  step(input: RebuildInput): readonly RebuildEffect[] {
    if (this.#done) return nothing;
    switch (input.kind) {
      case 'start':
      case 'resume':
        return this.#ask();
      case 'compared':
        return this.#onCompared(input);
      case 'merged':
        return this.#onMerged(input);
      case 'failed':
        return this.#onFailed(input.from);
    }
  }

  /** All that are not merged from for good: one that is suspect may have been rebuilt meanwhile. */
  #ask(): readonly RebuildEffect[] {
    const effects: RebuildEffect[] = [];
    const compare: number[] = [];
    for (const [member, source] of this.#sources) {
      if (source.state === 'asked' || (source.state === 'merged' && !source.suspect)) continue;
      const isHalfway = source.state === 'failed' && source.after !== undefined;
      source.state = 'asked';
      if (isHalfway) effects.push({ kind: 'fetch', from: member, after: source.after });
      else compare.push(member);
    }
    if (compare.length > 0) effects.push({ kind: 'compare', with: compare });
    return this.#options.others.length === 0 ? this.#conclude() : effects;
  }

  #onCompared(input: RebuildInput & { kind: 'compared' }): readonly RebuildEffect[] {
    const source = this.#sources.get(input.from);
    if (source?.state !== 'asked') return nothing;
    source.suspect = input.suspect;
    source.incarnation = input.incarnation;
    source.after = undefined;
    this.#adopt(input);
    if (!input.equal) return [{ kind: 'fetch', from: input.from, after: undefined }];
    source.state = 'merged';
    return this.#conclude();
  }

  #onMerged(input: RebuildInput & { kind: 'merged' }): readonly RebuildEffect[] {
    const { from, next, suspect, incarnation } = input;
    const source = this.#sources.get(from);
    if (source?.state !== 'asked') return nothing;
    if (incarnation !== source.incarnation) {
      // It lost its records between two pages: what it has shown of those before says nothing of it any more.
      source.incarnation = incarnation;
      source.suspect = suspect;
      source.after = undefined;
      return [{ kind: 'fetch', from, after: undefined }];
    }
    this.#adopt(input);
    source.suspect ||= suspect;
    source.after = next;
    if (next !== undefined) return [{ kind: 'fetch', from, after: next }];
    source.state = 'merged';
    return this.#conclude();
  }

  #onFailed(from: number): readonly RebuildEffect[] {
    const source = this.#sources.get(from);
    if (source?.state !== 'asked') return nothing;
    source.state = 'failed';
    return this.#conclude();
  }

  #adopt({ purgeFloor, epoch }: SourceFacts): void {
    if (purgeFloor > this.#purgeFloor) this.#purgeFloor = purgeFloor;
    this.#epoch = Math.max(this.#epoch, epoch);
  }

  #conclude(): readonly RebuildEffect[] {
    const { others, replicationFactor } = this.#options;
    const merged = this.#count((source) => source.state === 'merged');
    const mergedUnsuspected = this.#count((source) => source.state === 'merged' && !source.suspect);
    const writeQuorum = quorumOf(replicationFactor);
    const tally = { replicationFactor, writeQuorum, others: others.length, merged, mergedUnsuspected };
    if (this.#decisions.isRebuilt(tally)) {
      this.#done = true;
      return [{ kind: 'rebuilt', purgeFloor: this.#purgeFloor, epoch: this.#epoch }];
    }
    return this.#count((source) => source.state === 'asked') === 0 ? [{ kind: 'pause' }] : nothing;
  }

  #count(counts: (source: Source) => boolean): number {
    let total = 0;
    for (const source of this.#sources.values()) if (counts(source)) total += 1;
    return total;
  }
}
