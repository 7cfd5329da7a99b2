import { hasCode } from '@kv/errors';
import type { HybridLogicalClock, Timestamp } from '@kv/hlc';

import { type Decisions, soundDecisions } from '../decisions.js';

/** Issues the stamps of this process's writes. A stamp that it returned is safe to leave the process. */
export interface StampIssuer {
  /** What prevents a stamp is in the result. A promise only where the durable ceiling has to be raised first. */
  issue(bounds?: StampBounds): StampResult | Promise<StampResult>;
}

export interface StampBounds {
  /** The stamp is above it: what the client asked for (rule 11), or the largest version met (rule 2). */
  readonly above?: Timestamp | undefined;
  /** The stamp is not above it (rule 11). */
  readonly notAfter?: Timestamp | undefined;
}

export type StampResult =
  | { readonly kind: 'stamped'; readonly timestamp: Timestamp }
  | { readonly kind: 'refused'; readonly reason: StampRefusal };

/**
 * - `drift`: `above` is further ahead of the wall clock than the drift bound (rule 5), or the wall clock was set back so
 *   far that peers would refuse the stamp
 * - `fenced`: the wall clock jumped, or disagrees with a majority of peers (rule 17)
 * - `ceiling`: the next stamp would be above `notAfter` (rule 11)
 * - `not-ready`: after a restart the clock has not reached what may have been issued before it (rule 17)
 * - `unconfirmed`: the peers have not yet said that this data directory is the newest of its member (rule 15)
 * - `storage`: the durable ceiling could not be raised
 */
export type StampRefusal = 'drift' | 'fenced' | 'ceiling' | 'not-ready' | 'unconfirmed' | 'storage';

export interface StampIssuerPorts {
  readonly hlc: HybridLogicalClock;
  /** Judges this process's own wall clock. */
  readonly fence: { verdict(): 'ok' | 'jumped' | 'disagrees' };
  /** Keeps the ceiling: the storage engine. */
  readonly ceilings: { persistCeiling(ceiling: Timestamp): Promise<void> };
  /** Whether peers know this directory's node number, so that no other can ever stamp under it. Default: they do. */
  readonly isAdmitted?: (() => boolean) | undefined;
  /** Default: the sound ones. */
  readonly decisions?: Decisions | undefined;
}

/**
 * A ceiling ahead of the stamps is kept durable (rule 17), so that almost every stamp is issued without waiting: the next
 * ceiling is written when stamps come within half a step of the last one. No timer: an idle process writes nothing, and
 * its first stamp after a pause waits for one sync.
 */
export function createStampIssuer(ports: StampIssuerPorts): StampIssuer {
  return new CeilingIssuer(ports);
}

class CeilingIssuer implements StampIssuer {
  readonly #ports: StampIssuerPorts;
  readonly #decisions: Decisions;
  /** The write of a ceiling that is under way: true if it succeeded. Never rejects. */
  #raising: Promise<boolean> | undefined;

  constructor(ports: StampIssuerPorts) {
    this.#ports = ports;
    this.#decisions = ports.decisions ?? soundDecisions;
  }

  issue({ above, notAfter }: StampBounds = {}): StampResult | Promise<StampResult> {
    const stamp = this.#next(above);
    if (typeof stamp === 'string') return { kind: 'refused', reason: stamp };
    if (notAfter !== undefined && stamp > notAfter) return { kind: 'refused', reason: 'ceiling' };
    return stamp > this.#ports.hlc.ceiling() ? this.#whenCovered(stamp) : this.#issued(stamp);
  }

  async #whenCovered(stamp: Timestamp): Promise<StampResult> {
    while (stamp > this.#ports.hlc.ceiling()) {
      if (!(await this.#raise())) return { kind: 'refused', reason: 'storage' };
    }
    return this.#issued(stamp);
  }

  #issued(stamp: Timestamp): StampResult {
    if (this.#raising === undefined && this.#ports.hlc.ceilingDue() !== undefined) void this.#raise();
    return { kind: 'stamped', timestamp: stamp };
  }

  #next(above: Timestamp | undefined): Timestamp | StampRefusal {
    const { hlc, fence, isAdmitted } = this.#ports;
    const { usesOwnStamp } = this.#decisions;
    try {
      const fenced = fence.verdict() !== 'ok';
      if (!usesOwnStamp({ fenced, admitted: true })) return 'fenced';
      if (isAdmitted?.() === false) return 'unconfirmed';
      if (hlc.readyInMs() > 0) return 'not-ready';
      if (above !== undefined) hlc.receive(above);
      const stamp = hlc.now();
      // A coordinator checks its own stamp like a stranger's (rule 17): every replica would refuse it.
      return usesOwnStamp({ fenced, admitted: hlc.admits(stamp) }) ? stamp : 'drift';
    } catch (error) {
      if (hasCode(error, 'clock-drift')) return 'drift';
      throw error;
    }
  }

  #raise(): Promise<boolean> {
    this.#raising ??= this.#persist().finally(() => {
      this.#raising = undefined;
    });
    return this.#raising;
  }

  async #persist(): Promise<boolean> {
    const { hlc, ceilings } = this.#ports;
    const ceiling = hlc.ceilingDue();
    // Not due, and yet a stamp waits: another write of the ceiling came between. It looks again.
    if (ceiling === undefined) return true;
    try {
      await ceilings.persistCeiling(ceiling);
      hlc.ceilingPersisted(ceiling);
      return true;
    } catch {
      // The engine reports its own failures; here it only means that no stamp may leave.
      return false;
    }
  }
}
