/**
 * A quorum read, as decisions only (rules 7-9, 16).
 *
 * The promise: the answer is at least as new as every write that a quorum acknowledged, and every version that a quorum
 * read returned, before this read began.
 *
 * The simple version takes the newest of R replies. It breaks when the newest is on one replica only, left there by a
 * writer that died: this read returns it, the next one asks the other two and returns the older one. So the newest is
 * returned only when a write quorum is known to hold it; else it is written back first, and the answer waits (rule 8).
 * What replicas show is durable (rule 7), or a crash would take back what was read.
 *
 * Replicas mostly agree, so at first one of them is asked for its record, the others only for what identifies theirs. The
 * answer is always a record that was shown whole, its checksum verified; if the newest is known by its head alone, all
 * are asked again, for records.
 *
 * After the answer the core stays useful: owners that reply later are compared too, and repaired in the background.
 */
import { physicalMs, type Timestamp, type Version } from '@kv/hlc';
import { isExpired, type RecordHead, type RecordView } from '@kv/storage';

import { type Decisions, soundDecisions } from '../decisions.js';
import { readRoundsMax } from '../limits.js';
import { incarnationOf, Incarnations, type Telling } from './incarnations.js';
import { compareHeld, NewestSearch, versionsClash } from './newest-record.js';
import { heldBy, holds, isSilent, type ReadOwner, replied, silentOwner } from './read-owner.js';
import { judgeReadFailure, type ReadFailure } from './read-failure.js';
import type { HeadAnswer, ReadAnswer, WriteAnswer } from '../replica/channel.js';

export type { ReadAnswer };

/** `version`: of the tombstone or expired record that hides the key; undefined where none of the replicas knows it. */
export type ReadResult =
  | { readonly kind: 'found'; readonly record: RecordView }
  | { readonly kind: 'not-found'; readonly version: Version | undefined };

export interface ReadCoreOptions {
  /** Member numbers, in order of preference. */
  readonly owners: readonly number[];
  /** R of this level, at least a majority. */
  readonly required: number;
  /** Replicas that must hold a version before it is returned: a majority. */
  readonly writeQuorum: number;
  /** The coordinator's time (rule 16). */
  readonly at: Timestamp;
  /** The owner whose record is asked for at first, the others' heads being enough; undefined = all are. */
  readonly valueFrom?: number | undefined;
  /** Default: the sound ones. */
  readonly decisions?: Decisions | undefined;
}

export type ReadInput =
  | { readonly kind: 'start' }
  | {
      readonly kind: 'answer';
      readonly from: number;
      readonly round: number;
      readonly answer: ReadAnswer | HeadAnswer;
    }
  /** Replicas that have not replied by now are thought to hang. */
  | { readonly kind: 'impatient' }
  | {
      readonly kind: 'write-back-answer';
      readonly from: number;
      readonly round: number;
      readonly record: RecordView;
      readonly answer: WriteAnswer;
    }
  | { readonly kind: 'deadline' }
  | { readonly kind: 'client-gone' };

export type ReadEffect =
  | {
      readonly kind: 'query';
      readonly round: number;
      readonly at: Timestamp;
      readonly to: readonly number[];
      /** The only one whose record is wanted, and not its head alone; undefined = everybody's is. */
      readonly valueFrom: number | undefined;
    }
  /** Repair these replicas and report each one's answer as `write-back-answer`. */
  | {
      readonly kind: 'write-back';
      readonly round: number;
      readonly record: RecordView;
      readonly to: readonly number[];
    }
  | { readonly kind: 'answered'; readonly result: ReadResult }
  /** Repair these replicas when there is room; nobody waits. */
  | { readonly kind: 'repair'; readonly record: RecordView; readonly to: readonly number[] }
  /** A late reply told of a newer version by its head: another read would find it, and repair. */
  | { readonly kind: 'look-again' }
  /** Alarm: replicas hold different bytes under one version (rule 17). */
  | { readonly kind: 'clash'; readonly version: Version }
  | { readonly kind: 'failed'; readonly failure: ReadFailure };

export interface ReadCore {
  step(input: ReadInput): readonly ReadEffect[];
}

export function createReadCore(options: ReadCoreOptions): ReadCore {
  return new QuorumRead(options);
}

/** `answered`: only late owners are compared and repaired. */
type Phase = 'new' | 'asking' | 'answered' | 'failed';

const nothing: readonly ReadEffect[] = [];

class QuorumRead implements ReadCore {
  readonly #options: ReadCoreOptions;
  readonly #decisions: Decisions;
  readonly #incarnations: Incarnations;
  #owners: ReadOwner[] = [];
  #phase: Phase = 'new';
  #round = 0;
  #at: Timestamp;
  /** Of this round: the only owner that shows its record whole; undefined = all do. */
  #valueFrom: number | undefined;
  #impatient = false;
  #clashed = false;

  constructor(options: ReadCoreOptions) {
    this.#options = options;
    this.#decisions = options.decisions ?? soundDecisions;
    this.#incarnations = new Incarnations(this.#decisions);
    this.#at = options.at;
    this.#valueFrom = options.valueFrom;
  }

  step(input: ReadInput): readonly ReadEffect[] {
    if (this.#phase === 'failed') return nothing;
    switch (input.kind) {
      case 'start':
        return this.#options.owners.length < this.#options.required ? this.#fail('no-quorum') : this.#ask();
      case 'answer':
        return this.#onAnswer(input.from, input.round, input.answer);
      case 'write-back-answer':
        return this.#onWriteBackAnswer(input);
      case 'impatient':
        this.#impatient = true;
        return this.#phase === 'asking' ? this.#judge() : nothing;
      case 'deadline':
      case 'client-gone':
        return this.#phase === 'answered' ? nothing : this.#fail(input.kind);
    }
  }

  #ownerOf(member: number): ReadOwner | undefined {
    for (const owner of this.#owners) if (owner.member === member) return owner;
    return undefined;
  }

  /** Begins a round; what earlier rounds learnt is forgotten, their late answers are ignored. */
  #ask(): readonly ReadEffect[] {
    if (this.#round === readRoundsMax) return this.#fail('rounds');
    this.#phase = 'asking';
    this.#round += 1;
    const { owners } = this.#options;
    this.#owners = owners.map(silentOwner);
    return [{ kind: 'query', round: this.#round, at: this.#at, to: owners, valueFrom: this.#valueFrom }];
  }

  /** What replicas hold differs, or the one that was to show its record does not: no more guessing. */
  #askForValues(): readonly ReadEffect[] {
    this.#valueFrom = undefined;
    return this.#ask();
  }

  #onAnswer(from: number, round: number, answer: ReadAnswer | HeadAnswer): readonly ReadEffect[] {
    const owner = this.#ownerOf(from);
    if (round !== this.#round || owner === undefined || owner.answer !== undefined) return nothing;
    owner.answer = answer;
    this.#hear(answer);
    return this.#phase === 'answered' ? this.#compareLate() : this.#judge();
  }

  #onWriteBackAnswer(input: ReadInput & { kind: 'write-back-answer' }): readonly ReadEffect[] {
    const owner = this.#ownerOf(input.from);
    if (this.#phase !== 'asking' || input.round !== this.#round || owner === undefined) return nothing;
    if (owner.sent === input.record) owner.pending = false;
    this.#hear(input.answer);
    switch (input.answer.kind) {
      case 'stored':
      case 'already':
      case 'newer':
        if (owner.acknowledged === undefined || compareHeld(input.record, owner.acknowledged) > 0) {
          const incarnation = incarnationOf(input.from, input.answer);
          if (this.#incarnations.isOutdated(input.from, incarnation)) return this.#judge();
          owner.acknowledged = input.record;
          owner.acknowledgedIn = incarnation;
        }
        return this.#judge();
      case 'below-floor':
        // It was purged while this read looked elsewhere (rule 8): what was read is no longer true.
        return this.#ask();
      case 'abstained':
      case 'refused':
      case 'unreachable':
        return this.#judge();
    }
  }

  /** Rule 15: what an older incarnation said, or acknowledged, is as good as silence. */
  #hear(answer: Telling): void {
    if (!this.#incarnations.hear(answer)) return;
    for (const owner of this.#owners) {
      const { member } = owner;
      if (owner.answer !== undefined && owner.answer.kind !== 'unreachable') {
        const incarnation = incarnationOf(member, owner.answer);
        if (this.#incarnations.isOutdated(member, incarnation)) owner.answer = { kind: 'unreachable' };
      }
      if (this.#incarnations.isOutdated(member, owner.acknowledgedIn)) owner.acknowledged = undefined;
    }
  }

  #judge(): readonly ReadEffect[] {
    const { required, writeQuorum } = this.#options;
    if (this.#count(replied) < required) {
      return this.#count(isSilent) === 0 ? this.#fail('no-quorum') : nothing;
    }
    const held = this.#newest();
    if (held === undefined) return this.#answer({ kind: 'not-found', version: undefined });
    if (this.#expiredElsewhere(held)) return this.#ask();
    const newest = this.#shownWhole(held);
    if (newest === undefined) return this.#mayYetBeShown() ? nothing : this.#askForValues();
    const alarm = this.#alarm(newest);
    let holders = 0;
    for (const owner of this.#owners) if (holds(owner, newest)) holders += 1;
    if (this.#decisions.answersAtOnce({ holders, writeQuorum })) {
      return joined(alarm, this.#answer(this.#resultOf(newest)), this.#spread(newest, 'repair'));
    }
    const effects = [...alarm, ...this.#spread(newest, 'write-back')];
    const hopeful = this.#count(
      (owner) => holds(owner, newest) || owner.pending || owner.answer === undefined,
    );
    return hopeful < writeQuorum ? [...effects, ...this.#fail('no-quorum')] : effects;
  }

  /** An owner replied after the answer: it, or those before it, may be behind. */
  #compareLate(): readonly ReadEffect[] {
    const held = this.#newest();
    if (held === undefined) return nothing;
    const newest = this.#shownWhole(held);
    if (newest === undefined) return [{ kind: 'look-again' }];
    return joined(this.#alarm(newest), nothing, this.#spread(newest, 'repair'));
  }

  /** The record, if one of those who hold it showed it, or it was written back. */
  #shownWhole(held: RecordHead): RecordView | undefined {
    for (const { answer } of this.#owners) {
      if (answer?.kind === 'found' && compareHeld(answer.record, held) === 0) return answer.record;
    }
    return undefined;
  }

  #mayYetBeShown(): boolean {
    if (this.#valueFrom === undefined || this.#impatient) return false;
    return this.#ownerOf(this.#valueFrom)?.answer === undefined;
  }

  /** Sends the newest version to every replier that is not known to hold it and was not sent it before. */
  #spread(newest: RecordView, kind: 'write-back' | 'repair'): readonly ReadEffect[] {
    const to: number[] = [];
    for (const owner of this.#owners) {
      if (!replied(owner) || holds(owner, newest)) continue;
      if (owner.sent !== undefined && compareHeld(owner.sent, newest) >= 0) continue;
      owner.sent = newest;
      owner.pending = kind === 'write-back';
      to.push(owner.member);
    }
    if (to.length === 0) return nothing;
    if (kind === 'repair') return [{ kind, record: newest, to }];
    return [{ kind, round: this.#round, record: newest, to }];
  }

  #newest(): RecordHead | undefined {
    const search = new NewestSearch<RecordHead>();
    for (const { answer } of this.#owners) {
      if (answer?.kind === 'found') search.found(answer.record);
      else if (answer?.kind === 'head') search.found(answer.head);
      else if (answer?.kind === 'absent') search.absent(answer.purgeFloor);
    }
    return search.newest(this.#decisions);
  }

  /**
   * Rule 16: live by this read's time, expired by a replica's. An earlier read with a later clock may have called it
   * expired, so ask again at that time: then it is expired for good, a quorum having merged the time.
   */
  #expiredElsewhere(newest: RecordHead): boolean {
    if (newest.expiresAtMs === 0 || !this.#decisions.asksExpiredAgain()) return false;
    if (isExpired(newest, physicalMs(this.#at))) return false;
    let latest = this.#at;
    for (const { answer } of this.#owners) {
      if (answer !== undefined && answer.kind !== 'unreachable' && answer.hlcTime > latest) {
        latest = answer.hlcTime;
      }
    }
    if (!isExpired(newest, physicalMs(latest))) return false;
    this.#at = latest;
    return true;
  }

  #resultOf(newest: RecordView): ReadResult {
    if (newest.tombstone || isExpired(newest, physicalMs(this.#at))) {
      return { kind: 'not-found', version: newest.version };
    }
    return { kind: 'found', record: newest };
  }

  #answer(result: ReadResult): readonly ReadEffect[] {
    this.#phase = 'answered';
    return [{ kind: 'answered', result }];
  }

  #alarm(newest: RecordView): readonly ReadEffect[] {
    if (this.#clashed) return nothing;
    for (const { answer } of this.#owners) {
      const held = heldBy(answer);
      if (held !== undefined && versionsClash(held, newest)) this.#clashed = true;
    }
    return this.#clashed ? [{ kind: 'clash', version: newest.version }] : nothing;
  }

  #fail(why: ReadFailure['why']): readonly ReadEffect[] {
    this.#phase = 'failed';
    const { required, writeQuorum } = this.#options;
    const owners = this.#options.owners.length;
    const replies = this.#count(replied);
    const newest = replies < required ? undefined : this.#newest();
    const answers = this.#owners.flatMap(({ answer }) => answer ?? []);
    const failure =
      newest === undefined
        ? judgeReadFailure({ why, owners, required, received: replies, answers })
        : judgeReadFailure({
            why,
            owners,
            required: writeQuorum,
            received: this.#count((owner) => holds(owner, newest)),
            answers: [],
          });
    return [{ kind: 'failed', failure }];
  }

  #count(counts: (owner: ReadOwner) => boolean): number {
    let total = 0;
    for (const owner of this.#owners) if (counts(owner)) total += 1;
    return total;
  }
}

/** Mostly there is only the one in the middle. */
function joined(
  before: readonly ReadEffect[],
  effects: readonly ReadEffect[],
  after: readonly ReadEffect[],
): readonly ReadEffect[] {
  return before.length === 0 && after.length === 0 ? effects : [...before, ...effects, ...after];
}
