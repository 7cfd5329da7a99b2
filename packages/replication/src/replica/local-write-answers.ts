import type { ApplyResult, ApplyResults } from '@kv/storage';

import type { WriteAnswers } from './answers.js';
import { bitAt, type Bits } from './bits.js';
import { perhapsSent, type WriteAnswer } from './channel.js';
import type { Incarnation, ReplyFacts, WriteReply } from './replica.js';

export interface LocalWriteResults {
  readonly results: ApplyResults;
  readonly wantPrevious: Bits;
  /** False: what was appended is not known to be durable. */
  readonly isDurable: boolean;
  /** Of each, whether this copy may have lost records of its partition; undefined = of none. */
  readonly abstentions: readonly boolean[] | undefined;
  readonly facts: ReplyFacts;
}

/** What the engine did with the records of a message, as answers. */
export class LocalWriteAnswers implements WriteAnswers {
  readonly isNone = false;
  readonly #told: LocalWriteResults;
  readonly #areSilent: boolean;

  constructor(told: LocalWriteResults) {
    this.#told = told;
    this.#areSilent = !told.isDurable || told.abstentions !== undefined;
  }

  get incarnations(): readonly Incarnation[] {
    return this.#told.facts.incarnations;
  }

  isStored(index: number): boolean {
    if (this.#areSilent) return false;
    const { results, wantPrevious } = this.#told;
    return results.kindAt(index) === 'stored' && !bitAt(wantPrevious, index);
  }

  isAsExpected(index: number): boolean {
    const { results, isDurable, abstentions } = this.#told;
    // Also where others of the message abstain: its record is told nowhere else.
    return isDurable && abstentions?.[index] !== true && results.replacedExpected(index);
  }

  answerAt(index: number): WriteAnswer {
    const { results, wantPrevious, isDurable, abstentions, facts } = this.#told;
    const result = results.at(index);
    if (result === undefined) return perhapsSent;
    if (result.kind === 'refused') return replyTo(result, facts, false);
    if (!isDurable) return perhapsSent;
    if (abstentions?.[index] === true) return { kind: 'abstained', ...facts };
    return replyTo(result, facts, bitAt(wantPrevious, index));
  }
}

/** Field by field: spreading facts into each reply would cost more than the rest of it. */
export function replyTo(result: ApplyResult, facts: ReplyFacts, wantPrevious: boolean): WriteReply {
  const { hlcTime, purgeFloor, epoch, incarnations } = facts;
  switch (result.kind) {
    case 'stored': {
      const previous = wantPrevious ? result.previous : undefined;
      return { kind: 'stored', previous, hlcTime, purgeFloor, epoch, incarnations };
    }
    case 'already':
      return { kind: 'already', hlcTime, purgeFloor, epoch, incarnations };
    case 'newer': {
      const previous = wantPrevious ? result.newer : undefined;
      const { version } = result.newer;
      return { kind: 'newer', version, previous, hlcTime, purgeFloor, epoch, incarnations };
    }
    case 'refused':
      return { kind: 'refused', code: result.code, hlcTime, purgeFloor, epoch, incarnations };
  }
}
