/**
 * A write that the client coordinates itself (protocol rule 25; DeCandia et al., "Dynamo", 2007, section 6.4): two owners are
 * given the record at the same time, as a version that a node reserved for it, and where a majority is two that is a quorum,
 * if both have stored it. Whatever else they say, a node has to coordinate, which can stamp above what is in the way.
 */
import { compareVersions, type Version } from '@kv/hlc';
import {
  PreviousState,
  type PutResponse,
  type ReplicaWriteResponse,
  type Version as VersionMessage,
} from '@kv/proto';

import { sameIncarnations } from './incarnations.js';
import type { Part } from './part.js';

/** What two owners did together; undefined while one of them has not answered. */
export type StoreVerdict = PutResponse | 'no-quorum' | undefined;

export class TwinStore {
  readonly version: VersionMessage;
  /** The other owner is given it by this one. */
  readonly second: Part;
  isFirstHeard = false;
  isSecondHeard = false;
  #byFirst: ReplicaWriteResponse | undefined = undefined;
  #bySecond: ReplicaWriteResponse | undefined = undefined;

  constructor(version: VersionMessage, second: Part) {
    this.version = version;
    this.second = second;
  }

  /** Undefined: nothing of it is there, or the way broke; here and below. Then the other is waited for, which may tell (rule 12). */
  heardFirst(response: ReplicaWriteResponse | undefined): StoreVerdict {
    this.#byFirst = response;
    this.isFirstHeard = true;
    return this.#verdict(response);
  }

  heardSecond(response: ReplicaWriteResponse | undefined): StoreVerdict {
    this.#bySecond = response;
    this.isSecondHeard = true;
    return this.#verdict(response);
  }

  #verdict(last: ReplicaWriteResponse | undefined): StoreVerdict {
    if (last?.stored === false) return 'no-quorum';
    if (!this.isFirstHeard || !this.isSecondHeard) return undefined;
    const [one, other] = [this.#byFirst, this.#bySecond];
    if (last === undefined || one === undefined || other === undefined) return 'no-quorum';
    // One member that was reached by two names is no quorum.
    if (one.member === other.member || !sameIncarnations(one.incarnations, other.incarnations)) {
      return 'no-quorum';
    }
    const replaced = newerOf(one, other);
    return new StoredResponse(this.version, replaced.previous, replaced.previousValue, last.serverTime);
  }
}

/** Rule 13: the newest that one of the two replaced; unknown if it is of one of them. */
function newerOf(one: ReplicaWriteResponse, other: ReplicaWriteResponse): ReplicaWriteResponse {
  if (one.previous === PreviousState.UNKNOWN) return one;
  if (other.previous === PreviousState.UNKNOWN) return other;
  if (other.previousVersion === undefined) return one;
  if (one.previousVersion === undefined) return other;
  const order = compareVersions(other.previousVersion as Version, one.previousVersion as Version);
  return order > 0 ? other : one;
}

/** A class, for the reason that operations/messages.ts gives. */
class StoredResponse implements PutResponse {
  readonly reserved = undefined;

  constructor(
    readonly version: VersionMessage,
    readonly previous: PreviousState,
    readonly previousValue: Buffer,
    readonly serverTime: number,
  ) {}
}
