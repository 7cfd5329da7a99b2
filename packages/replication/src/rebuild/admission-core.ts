/**
 * Whether this process's data directory is the newest that its member ever had, as decisions only (rules 14, 15).
 *
 * The promise: a member counts in quorums, and stamps, only with a directory of which enough peers know durably, and
 * beside which none of enough peers remembers another.
 *
 * The simple version lets an empty directory count. It breaks when a disk is wiped: the member acknowledged writes with
 * it, comes back knowing nothing, and makes quorums with a member that missed them. Nobody can tell this from a first
 * start but the peers, so they remember of every member its incarnation, its directory and how long its log was.
 *
 * How many have to be asked? A directory counts once K peers remember it, and is believed once H confirmed peers said
 * that nothing contradicts it. Any H of the P = n - 1 peers must include one of any K: K + H > P. H = n/2 (rounded down)
 * makes a restart need no more peers than a quorum does anyway; so K = n - H.
 *
 * A peer that is new itself has forgotten what it never knew, so it is no witness: only those whose own directory was
 * confirmed count towards H. At the first start of a cluster nobody was; then all P must have answered, in whatever
 * state (as in rule 14). It is no matter of taste: if two of three new members could begin without the third, then so
 * could a wiped member and a new one beside a third that holds acknowledged data and is away for a moment.
 */
import type { DirectoryVerdict } from './directory.js';

export interface AdmissionOptions {
  /** n, this one included. */
  readonly members: number;
  readonly incarnation: number;
  /** The incarnation with which this directory was admitted before; 0 = never. */
  readonly admittedBefore: number;
}

export type AdmissionInput =
  | { readonly kind: 'start' }
  | {
      /** A peer judged the directory; if it accepted, it remembers it durably. */
      readonly kind: 'judged';
      readonly by: number;
      /** The incarnation that it was shown. */
      readonly shown: number;
      readonly verdict: DirectoryVerdict;
      /** The incarnation that it remembered of this member. */
      readonly remembered: number;
      /** Its own directory was admitted. */
      readonly confirmed: boolean;
    }
  /** A new incarnation is durable, all partitions marked. */
  | { readonly kind: 'begun'; readonly incarnation: number };

export type AdmissionEffect =
  /** Mark all partitions suspect and begin this incarnation, durably; answer `begun`. */
  | { readonly kind: 'begin-incarnation'; readonly incarnation: number }
  /** Note it durably, then count. */
  | { readonly kind: 'admit'; readonly incarnation: number };

export interface AdmissionCore {
  step(input: AdmissionInput): readonly AdmissionEffect[];
}

export function createAdmissionCore(options: AdmissionOptions): AdmissionCore {
  return new Admission(options);
}

/** `beginning`: a loss was noticed, and the new incarnation is not durable yet. */
type Phase = 'asking' | 'beginning' | 'admitted';

const nothing: readonly AdmissionEffect[] = [];

class Admission implements AdmissionCore {
  readonly #options: AdmissionOptions;
  /** Peers that accepted this incarnation; whether they are confirmed themselves. */
  readonly #accepted = new Map<number, boolean>();
  #phase: Phase = 'asking';
  #incarnation: number;

  constructor(options: AdmissionOptions) {
    this.#options = options;
    this.#incarnation = options.incarnation;
  }

  step(input: AdmissionInput): readonly AdmissionEffect[] {
    switch (input.kind) {
      case 'start':
        return this.#judge();
      case 'judged':
        return this.#onJudged(input);
      case 'begun':
        this.#phase = 'asking';
        this.#incarnation = input.incarnation;
        this.#accepted.clear();
        return this.#judge();
    }
  }

  #onJudged(input: AdmissionInput & { kind: 'judged' }): readonly AdmissionEffect[] {
    const { by, shown, verdict, remembered, confirmed } = input;
    if (this.#phase === 'beginning') return nothing;
    if (verdict === 'outdated') {
      // About an incarnation that is no longer this one's: asked again, it will know better.
      if (shown < this.#incarnation && remembered < this.#incarnation) return nothing;
      this.#phase = 'beginning';
      const incarnation = Math.max(remembered, this.#incarnation) + 1;
      return [{ kind: 'begin-incarnation', incarnation }];
    }
    if (shown !== this.#incarnation) return nothing;
    this.#accepted.set(by, confirmed);
    return this.#phase === 'admitted' ? nothing : this.#judge();
  }

  #judge(): readonly AdmissionEffect[] {
    const { members, admittedBefore } = this.#options;
    const peers = members - 1;
    const witnessesNeeded = members >>> 1;
    const isKnown = admittedBefore === this.#incarnation;
    const rememberedNeeded = isKnown ? 0 : Math.min(peers, members - witnessesNeeded);
    const remembered = this.#accepted.size;
    let witnesses = 0;
    for (const confirmed of this.#accepted.values()) if (confirmed) witnesses += 1;
    if (remembered < rememberedNeeded) return nothing;
    if (witnesses < witnessesNeeded && remembered < peers) return nothing;
    this.#phase = 'admitted';
    return [{ kind: 'admit', incarnation: this.#incarnation }];
  }
}
