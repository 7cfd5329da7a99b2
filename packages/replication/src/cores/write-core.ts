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
 * A write with a ticket (rule 10) has its query behind it, which has seen every earlier acknowledgement. So its only
 * round counts like a second one, and is never followed by another: one operation, one version, however often it is sent.
 *
 * What was tried and fails: a third round (livelock on a hot key, and no history that needs it); counting late clean
 * replies of the first stamp after the second was issued (rule 3: two of them acknowledge a version that a write begun
 * after the acknowledgement may lose to).
 */
import { compareVersions, type Timestamp, type Version } from '@kv/hlc';

import { type Decisions, soundDecisions } from '../decisions.js';
import { Incarnations } from './incarnations.js';
import { previousRecord, type PreviousRecord } from './previous-record.js';
import type { StampRefusal } from '../stamps/stamp-issuer.js';
import { isClean, refusesTicket, tellsVersion, type WriteAnswer } from './write-answer.js';
import { judgeWriteFailure, type WriteFailure } from './write-failure.js';

/** The first stamp or the second; a simulator's bug may go on counting. */
export type WriteRound = number;

export interface WriteCoreOptions {
  /** Member numbers, in order of preference. */
  readonly owners: readonly number[];
  /** W of this level. */
  readonly required: number;
  /** The first stamp. */
  readonly version: Version;
  readonly wantPrevious: boolean;
  readonly operationId?: Uint8Array | undefined;
  /** The version is a ticket, which this operation keeps: never stamped again (rule 10). Default false. */
  readonly ticketed?: boolean | undefined;
  /** Default: the sound ones. */
  readonly decisions?: Decisions | undefined;
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

/** `stamping`: the round is over, its late replies count for nothing, and no stamp of the next exists yet. */
type Phase = 'new' | 'in-round' | 'stamping' | 'concluded';

const nothing: readonly WriteEffect[] = [];

/** In the place of a reply of an older incarnation: it may have stored the record, and that counts for nothing. */
const outdated: WriteAnswer = { kind: 'unreachable', sent: true };

class QuorumWrite implements WriteCore {
  readonly #options: WriteCoreOptions;
  readonly #decisions: Decisions;
  readonly #incarnations: Incarnations;
  #phase: Phase = 'new';
  #round: WriteRound = 1;
  #impatient = false;
  /** Of the current round. */
  #version: Version;
  #answers = new Map<number, WriteAnswer>();
  /** Of the round before it: they tell previous values. */
  #earlierVersion: Version | undefined;
  #earlier: Map<number, WriteAnswer> | undefined;

  constructor(options: WriteCoreOptions) {
    this.#options = options;
    this.#decisions = options.decisions ?? soundDecisions;
    this.#incarnations = new Incarnations(this.#decisions);
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
        return this.#decisions.endsWrite(input.kind) ? this.#fail(input.kind) : nothing;
    }
  }

  #start(): readonly WriteEffect[] {
    const { owners, required } = this.#options;
    // With fewer owners than W nothing is sent: the failure is then a promise that nothing was applied.
    if (owners.length < required) return this.#fail('no-quorum');
    this.#phase = 'in-round';
    return [{ kind: 'send', round: 1, version: this.#version, to: owners }];
  }

  #onAnswer(from: number, answered: WriteRound, answer: WriteAnswer): readonly WriteEffect[] {
    const isCurrent = this.#decisions.countedRound(answered, this.#round) === this.#round;
    const answers = isCurrent ? this.#answers : this.#earlier;
    if (answers === undefined) return nothing;
    // One reply per replica and round, whatever is duplicated (rule 3); and a stranger's counts for nothing.
    const isOwner = this.#options.owners.includes(from);
    if (!this.#decisions.takesAnswer({ isOwner, isFirst: !answers.has(from) })) return nothing;
    answers.set(from, answer);
    if (this.#incarnations.hear(answer)) {
      this.#incarnations.sift(this.#answers, outdated);
      if (this.#earlier !== undefined) this.#incarnations.sift(this.#earlier, outdated);
    }
    return this.#judge();
  }

  #onStamped(version: Version): readonly WriteEffect[] {
    if (this.#phase !== 'stamping') return nothing;
    this.#phase = 'in-round';
    this.#round += 1;
    this.#earlierVersion = this.#version;
    this.#earlier = this.#answers;
    this.#version = version;
    this.#answers = new Map();
    return [{ kind: 'send', round: this.#round, version, to: this.#options.owners }];
  }

  #judge(): readonly WriteEffect[] {
    if (this.#phase !== 'in-round') return nothing;
    const { owners, required, ticketed } = this.#options;
    if (ticketed === true) return this.#judgeTicketed();
    const clean = count(this.#answers, isClean);
    const verdict = this.#decisions.writeVerdict({
      round: this.#round,
      required,
      clean,
      told: clean === this.#answers.size ? clean : count(this.#answers, tellsVersion),
      outstanding: owners.length - this.#answers.size,
      impatient: this.#impatient,
    });
    switch (verdict) {
      case 'acknowledged':
        return this.#acknowledge(clean >= required ? isClean : tellsVersion);
      case 'stamp-again':
        this.#phase = 'stamping';
        return [{ kind: 'stamp', above: this.#largestReported() }];
      case 'no-quorum':
        return this.#fail('no-quorum');
      case 'wait':
        return nothing;
    }
  }

  #judgeTicketed(): readonly WriteEffect[] {
    const { owners, required } = this.#options;
    const ticket = this.#version;
    let accepted = 0;
    let refused = 0;
    for (const answer of this.#answers.values()) {
      if (refusesTicket(answer, ticket)) refused += 1;
      else if (tellsVersion(answer)) accepted += 1;
    }
    if (accepted >= required) return this.#acknowledge(tellsVersion);
    if (owners.length !== this.#answers.size) return nothing;
    return this.#fail(refused > 0 ? 'ticket-expired' : 'no-quorum');
  }

  #largestReported(): Timestamp {
    let largest = this.#version;
    for (const answer of this.#answers.values()) {
      if (answer.kind === 'newer' && compareVersions(answer.version, largest) > 0) largest = answer.version;
    }
    return largest.timestamp;
  }

  #acknowledge(counts: (answer: WriteAnswer) => boolean): readonly WriteEffect[] {
    this.#phase = 'concluded';
    const { wantPrevious, operationId } = this.#options;
    const version = this.#version;
    if (!wantPrevious) return [{ kind: 'acknowledged', version, previous: { kind: 'not-asked' } }];
    const quorum = [...this.#answers].filter(([, answer]) => counts(answer));
    const previous = previousRecord({
      stamp: version,
      firstStamp: this.#earlierVersion,
      operationId,
      quorum: quorum.map(([member, last]) => ({ last, first: this.#earlier?.get(member) })),
      decisions: this.#decisions,
    });
    return [{ kind: 'acknowledged', version, previous }];
  }

  #fail(why: WriteFailure['why']): readonly WriteEffect[] {
    const { owners, required, ticketed } = this.#options;
    const counts = this.#round > 1 || ticketed === true ? tellsVersion : isClean;
    const failure = judgeWriteFailure({
      why,
      owners: owners.length,
      required,
      received: count(this.#answers, counts),
      answers: [...this.#answers.values()],
      // Before the second round exists nothing but the first can have left a trace; after it, both may have.
      // A ticket that was refused here may have been, or may yet be, accepted elsewhere.
      traceless:
        why !== 'ticket-expired' && (this.#phase === 'new' || (this.#round === 1 && this.#leftNoTrace())),
    });
    this.#phase = 'concluded';
    return [{ kind: 'failed', failure }];
  }

  /** Rule 12: every replica addressed answered, and none of them can hold the record. */
  #leftNoTrace(): boolean {
    const { leftNoTrace } = this.#decisions;
    const { length } = this.#options.owners;
    return length === this.#answers.size && count(this.#answers, leftNoTrace) === length;
  }
}

function count(answers: ReadonlyMap<number, WriteAnswer>, counts: (answer: WriteAnswer) => boolean): number {
  let total = 0;
  for (const answer of answers.values()) if (counts(answer)) total += 1;
  return total;
}
