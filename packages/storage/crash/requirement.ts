import { allPartitions, partitions } from './engine-ports.js';
import type { RecoveredState } from './recovered-state.js';

/** What must be true of an engine that recovers from a crash at some moment. Partitions are bits. */
export interface Requirement {
  /** All batches up to this one were acknowledged. */
  readonly acknowledged: number;
  /** Likewise, at a level that a crash of the machine may take writes of: if it took some, every partition is suspect. */
  readonly acknowledgedAtLevel: number;
  /** So many were begun. */
  readonly begun: number;
  readonly ceiling: number;
  readonly incarnation: number;
  readonly mustSuspect: number;
  readonly maySuspect: number;
}

/** Two moments that leave the same image: it has to do for both. */
export function both(a: Requirement, b: Requirement): Requirement {
  return {
    acknowledged: Math.max(a.acknowledged, b.acknowledged),
    acknowledgedAtLevel: Math.max(a.acknowledgedAtLevel, b.acknowledgedAtLevel),
    begun: Math.min(a.begun, b.begun),
    ceiling: Math.max(a.ceiling, b.ceiling),
    incarnation: Math.max(a.incarnation, b.incarnation),
    mustSuspect: a.mustSuspect | b.mustSuspect,
    maySuspect: a.maySuspect & b.maySuspect,
  };
}

export function throwUnlessMet(state: RecoveredState, required: Requirement): void {
  const { acknowledged, begun, ceiling, incarnation, mustSuspect, maySuspect } = required;
  if (state.holds < acknowledged) {
    const secret =
      state.holdsUnsuspected < acknowledged ? ', and nothing is suspect' : ' (its partition is suspect)';
    throw new Error(`batch ${state.holds + 1} is lost, ${acknowledged} were acknowledged${secret}`);
  }
  if (state.holds < required.acknowledgedAtLevel && state.suspects !== allPartitions) {
    throw new Error(
      `batch ${state.holds + 1} of ${required.acknowledgedAtLevel} is lost, and not all is suspect`,
    );
  }
  if (state.reaches > begun) throw new Error(`batch ${state.reaches} is there, only ${begun} were begun`);
  if (state.ceiling < ceiling) throw new Error(`ceiling ${ceiling} was durable, ${state.ceiling} is left`);
  if (state.incarnation < incarnation) {
    throw new Error(`incarnation ${incarnation} had begun, ${state.incarnation} is left`);
  }
  if ((mustSuspect & ~state.suspects) !== 0) {
    throw new Error(`partitions ${bits(mustSuspect)} must be suspect, ${bits(state.suspects)} are`);
  }
  if ((state.suspects & ~maySuspect) !== 0) {
    throw new Error(`partitions ${bits(state.suspects)} are suspect, only ${bits(maySuspect)} may be`);
  }
}

function bits(set: number): string {
  const listed = Array.from({ length: partitions }, (_, partition) => partition);
  return `{${listed.filter((partition) => (set & (1 << partition)) !== 0).join(' ')}}`;
}
