/**
 * A read that the client coordinates itself (protocol rule 24; DeCandia et al., "Dynamo", 2007, section 6.4): two owners are
 * asked for what their own copies show, at the same time, and where a majority is two that is a quorum, if they show the same.
 * For whatever else they show a node has to coordinate, which knows how to repair, to wait and to ask others.
 */
import { isTimestamp, physicalMs } from '@kv/hlc';
import type { GetResponse, ReplicaReadResponse, Version } from '@kv/proto';

import { sameIncarnations } from './incarnations.js';
import type { Part } from './part.js';

/** What two owners show together; undefined while one of them has not answered. */
export type Verdict = GetResponse | 'no-quorum' | undefined;

export class Comparison {
  /** The other owner is asked by it, for no value. */
  readonly second: Part;
  /** It takes longer than nearly all reads. */
  isLate = false;
  #whole: ReplicaReadResponse | undefined = undefined;
  #head: ReplicaReadResponse | undefined = undefined;

  constructor(second: Part) {
    this.second = second;
  }

  /** The owner that was asked for the value has answered. */
  get isFirstHeard(): boolean {
    return this.#whole !== undefined;
  }

  heardFirst(whole: ReplicaReadResponse): Verdict {
    this.#whole = whole;
    return this.#head && verdictOf(whole, this.#head, whole.serverTime);
  }

  heardSecond(head: ReplicaReadResponse): Verdict {
    this.#head = head;
    return this.#whole && verdictOf(this.#whole, head, head.serverTime);
  }
}

/** @param serverTime of the answer that came last */
function verdictOf(whole: ReplicaReadResponse, head: ReplicaReadResponse, serverTime: number): Verdict {
  // One member that was reached by two names is no quorum.
  if (whole.member === head.member) return 'no-quorum';
  if (!whole.identity.equals(head.identity)) return 'no-quorum';
  if (!sameIncarnations(whole.incarnations, head.incarnations)) return 'no-quorum';
  const { expiresAtMs, identity, tombstone, value, version } = whole;
  // Rule 16: what another reader found expired, one of any two owners knows to be.
  const latest = Math.max(whole.serverTime, head.serverTime);
  if (expiresAtMs !== 0 && !isAlive(expiresAtMs, latest)) return 'no-quorum';
  const isFound = identity.length > 0 && !tombstone;
  return new QuorumResponse(isFound, value, version, expiresAtMs, serverTime);
}

function isAlive(expiresAtMs: number, serverTime: number): boolean {
  return isTimestamp(serverTime) && expiresAtMs > physicalMs(serverTime);
}

/** A class, for the reason that operations/messages.ts gives. */
class QuorumResponse implements GetResponse {
  constructor(
    readonly found: boolean,
    readonly value: Buffer,
    readonly version: Version | undefined,
    readonly expiresAtMs: number,
    readonly serverTime: number,
  ) {}
}
