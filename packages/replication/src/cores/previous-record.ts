import { compareVersions, physicalMs, type Version } from '@kv/hlc';
import { isExpired, type RecordView } from '@kv/storage';

import type { Decisions } from '../decisions.js';
import { tellsVersion, type WriteAnswer } from './write-answer.js';

/** What the acknowledging quorum held before this write (rule 13). */
export type PreviousRecord =
  | { readonly kind: 'not-asked' }
  | { readonly kind: 'unknown' }
  | { readonly kind: 'none' }
  | { readonly kind: 'value'; readonly record: RecordView };

export interface PreviousEvidence {
  /** The stamp that was acknowledged. */
  readonly stamp: Version;
  /** The stamp before it, if there were two rounds. */
  readonly firstStamp: Version | undefined;
  readonly operationId: Uint8Array | undefined;
  /** The replicas that acknowledged: what each answered in the last round, and in the first if there were two. */
  readonly quorum: readonly {
    readonly last: WriteAnswer;
    readonly first: WriteAnswer | undefined;
  }[];
  readonly decisions: Pick<Decisions, 'isOwnRecord'>;
}

/**
 * The newest record older than this write, and not of this operation, that a replica of the acknowledging quorum held
 * when it stored ours, over both rounds; a tombstone or an expired record counts as none.
 *
 * A replica that met this operation itself (`already`, or a record of ours that it cannot look behind) is blind below
 * that version: what it replaced there was told to nobody, or in a reply that was lost. Unless another replica reports a
 * record above the blind spot, the answer is `unknown`, never a guess.
 */
export function previousRecord(evidence: PreviousEvidence): PreviousRecord {
  const search = new Search(evidence);
  for (const { last, first } of evidence.quorum) search.lookAt(last, evidence.stamp, first);
  return search.result();
}

class Search {
  readonly #evidence: PreviousEvidence;
  #newest: RecordView | undefined;
  #blindBelow: Version | undefined;

  constructor(evidence: PreviousEvidence) {
    this.#evidence = evidence;
  }

  /** `earlier`: what the same replica answered to the first stamp, when `answer` is the one to the second. */
  lookAt(answer: WriteAnswer | undefined, stamp: Version, earlier?: WriteAnswer): void {
    if (answer?.kind !== 'stored' && answer?.kind !== 'newer') {
      this.#blind(stamp);
      return;
    }
    const record = answer.previous;
    const { firstStamp } = this.#evidence;
    const olderStamp = stamp === this.#evidence.stamp ? firstStamp : undefined;
    if (record === undefined) {
      // `stored` over nothing is an answer; `newer` without its record is none.
      if (answer.kind === 'newer') this.#blind(stamp);
    } else if (compareVersions(record.version, this.#evidence.stamp) >= 0) {
      // It did not store this stamp; what it told of itself when it met the first one is all there is to learn.
      if (olderStamp !== undefined && earlier !== undefined && tellsVersion(earlier)) {
        this.lookAt(earlier, olderStamp);
      } else {
        this.#blind(this.#evidence.stamp);
      }
    } else if (!this.#evidence.decisions.isOwnRecord(this.#isOurs(record))) {
      if (this.#newest === undefined || compareVersions(record.version, this.#newest.version) > 0) {
        this.#newest = record;
      }
    } else if (olderStamp !== undefined && compareVersions(record.version, olderStamp) === 0) {
      this.lookAt(earlier, olderStamp);
    } else {
      this.#blind(record.version);
    }
  }

  result(): PreviousRecord {
    const newest = this.#newest;
    const blind = this.#blindBelow;
    if (blind !== undefined && (newest === undefined || compareVersions(newest.version, blind) < 0)) {
      return { kind: 'unknown' };
    }
    if (newest === undefined || newest.tombstone) return { kind: 'none' };
    if (isExpired(newest, physicalMs(this.#evidence.stamp.timestamp))) return { kind: 'none' };
    return { kind: 'value', record: newest };
  }

  #blind(below: Version): void {
    if (this.#blindBelow === undefined || compareVersions(below, this.#blindBelow) > 0)
      this.#blindBelow = below;
  }

  #isOurs(record: RecordView): boolean {
    const { stamp, firstStamp, operationId } = this.#evidence;
    if (compareVersions(record.version, stamp) === 0) return true;
    if (firstStamp !== undefined && compareVersions(record.version, firstStamp) === 0) return true;
    return operationId !== undefined && sameBytes(record.operationId, operationId);
  }
}

function sameBytes(a: Uint8Array | undefined, b: Uint8Array): boolean {
  if (a?.length !== b.length) return false;
  return b.every((byte, index) => a[index] === byte);
}
