import type { Decisions } from '../decisions.js';
import type { Incarnation } from '../replica/replica.js';

/** An answer that tells incarnations; a call that failed tells none. */
export interface Telling {
  readonly kind?: string;
  readonly incarnations?: readonly Incarnation[];
}

/**
 * What the replies of one operation told of the owners' incarnations (rule 15).
 *
 * A replica that acknowledges and then loses its disk is rebuilt by others. If the acknowledgement still counted, it
 * could complete a quorum whose record is on one replica only. The sources of the rebuild know of the loss before they
 * serve it, so that whoever counts a reply of theirs that the rebuild did not see learns it from that very reply.
 *
 * Who is not named is of its first incarnation: lists are empty, and all of this free, until something was lost.
 */
export class Incarnations {
  readonly #counts: Decisions['countsIncarnation'];
  #newest: Map<number, number> | undefined;

  constructor({ countsIncarnation }: Pick<Decisions, 'countsIncarnation'>) {
    this.#counts = countsIncarnation;
  }

  /** @returns whether answers may be outdated: whether any member ever began another incarnation */
  hear({ incarnations }: Telling): boolean {
    if (incarnations !== undefined && incarnations.length > 0) {
      this.#newest ??= new Map();
      for (const { member, incarnation } of incarnations) {
        if (incarnation > (this.#newest.get(member) ?? 1)) this.#newest.set(member, incarnation);
      }
    }
    return this.#newest !== undefined;
  }

  /** Whether what this incarnation of the member said counts for nothing any more. */
  isOutdated(member: number, incarnation: number): boolean {
    return !this.#counts(incarnation, this.#newest?.get(member) ?? 1);
  }

  /** Replaces the answers that count for nothing. */
  sift<Answer extends Telling>(answers: Map<number, Answer>, outdated: Answer): void {
    for (const [member, answer] of answers) {
      if (answer.incarnations === undefined) continue;
      if (this.isOutdated(member, incarnationOf(member, answer))) answers.set(member, outdated);
    }
  }
}

/** Of which incarnation a reply is. */
export function incarnationOf(member: number, { incarnations }: Telling): number {
  if (incarnations !== undefined) {
    for (const entry of incarnations) if (entry.member === member) return entry.incarnation;
  }
  return 1;
}
