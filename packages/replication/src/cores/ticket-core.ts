/**
 * The query of a ticket, as decisions only (rule 10): the first of the two rounds of a write at LINEARIZABLE.
 *
 * The promise: a ticket is above every version of its key that a quorum held before it was asked for. A write stored with
 * it, any number of times and through any coordinator, is one version: it takes effect once or never, above every write
 * that was acknowledged before it began. Nothing is written here, so a ticket that nobody uses leaves no trace.
 *
 * It is the query phase of a multi-writer register: Lynch and Shvartsman, "Robust emulation of shared memory using dynamic
 * quorum-acknowledged broadcasts", 1997, after Attiya, Bar-Noy and Dolev, 1995.
 */
import type { Timestamp, Version } from '@kv/hlc';

import { type Decisions, soundDecisions } from '../decisions.js';
import { Incarnations } from './incarnations.js';
import { judgeReadFailure, type ReadFailure } from './read-failure.js';
import type { HeadAnswer, ReadAnswer } from '../replica/channel.js';
import type { StampRefusal } from '../stamps/stamp-issuer.js';

export interface TicketCoreOptions {
  /** Member numbers, in order of preference. */
  readonly owners: readonly number[];
  /** R: a majority. */
  readonly required: number;
  /** Default: the sound ones. */
  readonly decisions?: Decisions | undefined;
}

export type TicketInput =
  | { readonly kind: 'start' }
  | { readonly kind: 'answer'; readonly from: number; readonly answer: ReadAnswer | HeadAnswer }
  | { readonly kind: 'stamped'; readonly version: Version }
  | { readonly kind: 'stamp-refused'; readonly reason: StampRefusal }
  | { readonly kind: 'deadline' }
  | { readonly kind: 'client-gone' };

export type TicketEffect =
  | { readonly kind: 'query'; readonly to: readonly number[] }
  /** Issue a stamp above this one (undefined: the quorum knows no version) and answer `stamped` or `stamp-refused`. */
  | { readonly kind: 'stamp'; readonly above: Timestamp | undefined }
  | { readonly kind: 'issued'; readonly ticket: Version }
  | { readonly kind: 'failed'; readonly failure: TicketFailure };

/** Why there is no ticket: the query failed, or the stamp was refused. Nothing was written. */
export type TicketFailure = ReadFailure | { readonly why: StampRefusal };

export interface TicketCore {
  step(input: TicketInput): readonly TicketEffect[];
}

export function createTicketCore(options: TicketCoreOptions): TicketCore {
  return new TicketQuery(options);
}

/** `stamping`: a quorum has answered, and what the others say no longer counts. */
type Phase = 'new' | 'asking' | 'stamping' | 'concluded';

const nothing: readonly TicketEffect[] = [];

/** In the place of a reply of an older incarnation (rule 15). */
const outdated: ReadAnswer = { kind: 'unreachable' };

class TicketQuery implements TicketCore {
  readonly #options: TicketCoreOptions;
  readonly #answers = new Map<number, ReadAnswer | HeadAnswer>();
  readonly #decisions: Decisions;
  readonly #incarnations: Incarnations;
  #phase: Phase = 'new';

  constructor(options: TicketCoreOptions) {
    this.#options = options;
    this.#decisions = options.decisions ?? soundDecisions;
    this.#incarnations = new Incarnations(this.#decisions);
  }

  step(input: TicketInput): readonly TicketEffect[] {
    if (this.#phase === 'concluded') return nothing;
    switch (input.kind) {
      case 'start':
        return this.#start();
      case 'answer':
        return this.#onAnswer(input.from, input.answer);
      case 'stamped':
        this.#phase = 'concluded';
        return [{ kind: 'issued', ticket: input.version }];
      case 'stamp-refused':
        this.#phase = 'concluded';
        return [{ kind: 'failed', failure: { why: input.reason } }];
      case 'deadline':
      case 'client-gone':
        return this.#fail(input.kind);
    }
  }

  #start(): readonly TicketEffect[] {
    const { owners, required } = this.#options;
    if (owners.length < required) return this.#fail('no-quorum');
    this.#phase = 'asking';
    return [{ kind: 'query', to: owners }];
  }

  #onAnswer(from: number, answer: ReadAnswer | HeadAnswer): readonly TicketEffect[] {
    const { owners, required } = this.#options;
    if (this.#phase !== 'asking' || this.#answers.has(from) || !owners.includes(from)) return nothing;
    this.#answers.set(from, answer);
    if (this.#incarnations.hear(answer)) this.#incarnations.sift(this.#answers, outdated);
    if (this.#replies() >= this.#decisions.ticketReplies(required)) {
      this.#phase = 'stamping';
      return [{ kind: 'stamp', above: this.#decisions.ticketAbove(this.#largestSeen()) }];
    }
    return this.#answers.size === owners.length ? this.#fail('no-quorum') : nothing;
  }

  /** Above tombstones and expired records like any other, and above what a floor has purged (rule 18). */
  #largestSeen(): Timestamp | undefined {
    let largest: Timestamp | undefined;
    for (const answer of this.#answers.values()) {
      if (answer.kind === 'unreachable' || answer.kind === 'refused') continue;
      if (answer.purgeFloor > (largest ?? 0)) largest = answer.purgeFloor;
      const held = versionHeld(answer)?.timestamp;
      if (held !== undefined && held > (largest ?? 0)) largest = held;
    }
    return largest;
  }

  #replies(): number {
    let total = 0;
    for (const { kind } of this.#answers.values())
      if (kind !== 'refused' && kind !== 'unreachable') total += 1;
    return total;
  }

  #fail(why: ReadFailure['why']): readonly TicketEffect[] {
    this.#phase = 'concluded';
    const { owners, required } = this.#options;
    const answers = [...this.#answers.values()];
    const evidence = { why, owners: owners.length, required, received: this.#replies(), answers };
    return [{ kind: 'failed', failure: judgeReadFailure(evidence) }];
  }
}

function versionHeld(answer: ReadAnswer | HeadAnswer): Version | undefined {
  if (answer.kind === 'found') return answer.record.version;
  return answer.kind === 'head' ? answer.head.version : undefined;
}
