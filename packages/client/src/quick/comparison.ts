/**
 * A read that the client coordinates itself (protocol rule 24; DeCandia et al., "Dynamo", 2007, section 6.4): two owners are
 * asked for what their own copies show, at the same time, and where a majority is two that is a quorum, if they show the same.
 * For whatever else they show a node has to coordinate, which knows how to repair, to wait and to ask others.
 */
import { isTimestamp, physicalMs } from '@kv/hlc';
import type { GetResponse, MemberIncarnation, ReplicaReadResponse, Version } from '@kv/proto';

import type { ReadCopy } from './read-copy.js';

export class Comparison {
  /** The other owner is asked by it, for no value. */
  readonly second: ReadCopy;
  #whole: ReplicaReadResponse | undefined = undefined;
  #head: ReplicaReadResponse | undefined = undefined;

  constructor(second: ReadCopy) {
    this.second = second;
  }

  /** The owner that was asked for the value has answered. */
  get isFirstHeard(): boolean {
    return this.#whole !== undefined;
  }

  /** @returns whether both have answered */
  heardFirst(whole: ReplicaReadResponse): boolean {
    this.#whole = whole;
    return this.#head !== undefined;
  }

  heardSecond(head: ReplicaReadResponse): boolean {
    this.#head = head;
    return this.#whole !== undefined;
  }

  /** Of both answers; undefined: they are no quorum. */
  get response(): GetResponse | undefined {
    return quorumOf(this.#whole!, this.#head!);
  }
}

/** What a quorum read returns that two owners answered so; undefined if two such answers do not say. */
export function quorumOf(whole: ReplicaReadResponse, head: ReplicaReadResponse): GetResponse | undefined {
  // One member that was reached by two names is no quorum.
  if (whole.member === head.member) return undefined;
  if (!whole.identity.equals(head.identity)) return undefined;
  // Rule 15: one of them may know that the other's answer counts for nothing any more.
  if (!sameIncarnations(whole.incarnations, head.incarnations)) return undefined;
  const serverTime = Math.max(whole.serverTime, head.serverTime);
  // Rule 16: what another reader found expired, one of any two owners knows to be.
  if (whole.expiresAtMs !== 0 && !isAlive(whole.expiresAtMs, serverTime)) return undefined;
  const isFound = whole.identity.length > 0 && !whole.tombstone;
  return new QuorumResponse(isFound, whole.value, whole.version, whole.expiresAtMs, serverTime);
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

/** Nearly always none are known. */
function sameIncarnations(a: readonly MemberIncarnation[], b: readonly MemberIncarnation[]): boolean {
  if (a.length !== b.length) return false;
  return a.every(({ member, incarnation }) =>
    b.some((other) => other.member === member && other.incarnation === incarnation),
  );
}
