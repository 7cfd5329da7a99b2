/**
 * A quorum write, as decisions only: inputs in, effects out, no promise, clock or I/O (rules 1-5, 12, 13).
 *
 * The promise: a write that is acknowledged supersedes every write of its key that was acknowledged before it began,
 * whatever the clocks; and a write that is not acknowledged is never called failed unless nothing of it exists.
 *
 * The simple version sends the record to all N owners and waits for W replies. It breaks when the coordinator's clock is
 * behind: a replica that holds a newer version keeps that one, and an acknowledged write would lose to an older one.
 * So replicas say `newer`, and a coordinator that cannot get W clean replies stamps once more, above everything it was
 * told, and sends again (rule 2). In that second round `newer` counts: W replies of round 1 met every quorum that
 * acknowledged before this write began, so a version above the second stamp is concurrent, and losing to it is as good
 * as being overwritten a moment later.
 *
 * What was tried and fails: a third round (livelock on a hot key, and no history that needs it); counting late clean
 * replies of the first stamp after the second was issued (rule 3: two of them acknowledge a version that a write begun
 * after the acknowledgement may lose to).
 */
import { compareVersions, type Timestamp, type Version } from '@kv/hlc';

import { previousRecord, type PreviousRecord } from './previous-record.js';
import type { StampRefusal } from '../stamps/stamp-issuer.js';
import { heldNothing, isClean, tellsVersion, type WriteAnswer } from './write-answer.js';
import { judgeWriteFailure, type WriteFailure } from './write-failure.js';

/** The first stamp or the second. */
export type WriteRound = 1 | 2;

export interface WriteCoreOptions {
  /** Member numbers, in order of preference. */
  readonly owners: readonly number[];
  /** W of this level. */
  readonly required: number;
  /** The first stamp. */
  readonly version: Version;
  readonly wantPrevious: boolean;
  readonly operationId?: Uint8Array | undefined;
}

export type WriteInput =
  | { readonly kind: 'start' }
  | {
      readonly kind: 'answer';
      readonly from: number;
      readonly round: WriteRound;
      readonly answer: WriteAnswer;
    }
  /** Replicas that have not replied by now are thought to hang. */
  | { readonly kind: 'impatient' }
  | { readonly kind: 'stamped'; readonly version: Version }
  | { readonly kind: 'stamp-refused'; readonly reason: StampRefusal }
  | { readonly kind: 'deadline' }
  | { readonly kind: 'client-gone' };

export type WriteEffect =
  | {
      readonly kind: 'send';
      readonly round: WriteRound;
      readonly version: Version;
      readonly to: readonly number[];
    }
  /** Issue a stamp above this one and answer `stamped` or `stamp-refused`. */
  | { readonly kind: 'stamp'; readonly above: Timestamp }
  | { readonly kind: 'acknowledged'; readonly version: Version; readonly previous: PreviousRecord }
  | { readonly kind: 'failed'; readonly failure: WriteFailure };

export interface WriteCore {
  step(input: WriteInput): readonly WriteEffect[];
}

export function createWriteCore(options: WriteCoreOptions): WriteCore {
  return new QuorumWrite(options);
}

/** `stamping`: round 1 is over, its late replies count for nothing, and no second stamp exists yet. */
type Phase = 'new' | 'first-round' | 'stamping' | 'second-round' | 'concluded';

const nothing: readonly WriteEffect[] = [];

class QuorumWrite implements WriteCore {
  readonly #options: WriteCoreOptions;
  readonly #first = new Map<number, WriteAnswer>();
  readonly #second = new Map<number, WriteAnswer>();
  #phase: Phase = 'new';
  #impatient = false;
  #version: Version;

  constructor(options: WriteCoreOptions) {
    this.#options = options;
    this.#version = options.version;
  }

  step(input: WriteInput): readonly WriteEffect[] {
    if (this.#phase === 'concluded') return nothing;
    switch (input.kind) {
      case 'start':
        return this.#start();
      case 'answer':
        return this.#onAnswer(input.from, input.round, input.answer);
      case 'impatient':
        this.#impatient = true;
        return this.#judge();
      case 'stamped':
        return this.#onStamped(input.version);
      case 'stamp-refused':
        return this.#fail(input.reason);
      case 'deadline':
      case 'client-gone':
        return this.#fail(input.kind);
    }
  }

  #start(): readonly WriteEffect[] {
    const { owners, required } = this.#options;
    // With fewer owners than W nothing is sent: the failure is then a promise that nothing was applied.
    if (owners.length < required) return this.#fail('no-quorum');
    this.#phase = 'first-round';
    return [{ kind: 'send', round: 1, version: this.#version, to: owners }];
  }

  #onAnswer(from: number, round: WriteRound, answer: WriteAnswer): readonly WriteEffect[] {
    const answers = round === 1 ? this.#first : this.#second;
    // One reply per replica and round, whatever is duplicated (rule 3); and a stranger's counts for nothing.
    if (answers.has(from) || !this.#options.owners.includes(from)) return nothing;
    answers.set(from, answer);
    return this.#judge();
  }

  #onStamped(version: Version): readonly WriteEffect[] {
    if (this.#phase !== 'stamping') return nothing;
    this.#phase = 'second-round';
    this.#version = version;
    return [{ kind: 'send', round: 2, version, to: this.#options.owners }];
  }

  #judge(): readonly WriteEffect[] {
    switch (this.#phase) {
      case 'first-round':
        return this.#judgeFirstRound();
      case 'second-round':
        return this.#judgeSecondRound();
      case 'new':
      case 'stamping':
      case 'concluded':
        return nothing;
    }
  }

  #judgeFirstRound(): readonly WriteEffect[] {
    const { owners, required } = this.#options;
    const clean = count(this.#first, isClean);
    if (clean >= required) return this.#acknowledge(isClean);
    const outstanding = owners.length - this.#first.size;
    // Only W replies that tell a version have seen every earlier acknowledgement; refusals have not.
    const informed = count(this.#first, tellsVersion) >= required;
    if (informed && (clean + outstanding < required || this.#impatient)) {
      this.#phase = 'stamping';
      return [{ kind: 'stamp', above: this.#largestReported() }];
    }
    return outstanding === 0 ? this.#fail('no-quorum') : nothing;
  }

  #judgeSecondRound(): readonly WriteEffect[] {
    const { owners, required } = this.#options;
    if (count(this.#second, tellsVersion) >= required) return this.#acknowledge(tellsVersion);
    return owners.length === this.#second.size ? this.#fail('no-quorum') : nothing;
  }

  #largestReported(): Timestamp {
    let largest = this.#version;
    for (const answer of this.#first.values()) {
      if (answer.kind === 'newer' && compareVersions(answer.version, largest) > 0) largest = answer.version;
    }
    return largest.timestamp;
  }

  #acknowledge(counts: (answer: WriteAnswer) => boolean): readonly WriteEffect[] {
    this.#phase = 'concluded';
    const { wantPrevious, operationId } = this.#options;
    const version = this.#version;
    if (!wantPrevious) return [{ kind: 'acknowledged', version, previous: { kind: 'not-asked' } }];
    const restamped = version !== this.#options.version;
    const current = restamped ? this.#second : this.#first;
    const quorum = [...current].filter(([, answer]) => counts(answer));
    const previous = previousRecord({
      stamp: version,
      firstStamp: restamped ? this.#options.version : undefined,
      operationId,
      quorum: quorum.map(([member, last]) => ({
        last,
        first: restamped ? this.#first.get(member) : undefined,
      })),
    });
    return [{ kind: 'acknowledged', version, previous }];
  }

  #fail(why: WriteFailure['why']): readonly WriteEffect[] {
    const { owners, required } = this.#options;
    const secondRound = this.#phase === 'second-round';
    const answers = secondRound ? this.#second : this.#first;
    const failure = judgeWriteFailure({
      why,
      owners: owners.length,
      required,
      received: count(answers, secondRound ? tellsVersion : isClean),
      answers: [...answers.values()],
      // Before the second round exists nothing but the first can have left a trace; after it, both may have.
      traceless: this.#phase === 'new' || (!secondRound && this.#leftNoTrace()),
    });
    this.#phase = 'concluded';
    return [{ kind: 'failed', failure }];
  }

  /** Rule 12: every replica addressed answered, and none of them can hold the record. */
  #leftNoTrace(): boolean {
    const { owners } = this.#options;
    return owners.length === this.#first.size && count(this.#first, heldNothing) === owners.length;
  }
}

function count(answers: ReadonlyMap<number, WriteAnswer>, counts: (answer: WriteAnswer) => boolean): number {
  let total = 0;
  for (const answer of answers.values()) if (counts(answer)) total += 1;
  return total;
}
