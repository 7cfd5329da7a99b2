import { InvalidArgumentError } from './errors.js';
import { incarnationMax, memberMax } from './limits.js';
import type { Timestamp } from './timestamp.js';

/** What orders two writes of one key. Unique, because no node issues a timestamp twice and no node number is used twice. */
export interface Version {
  readonly timestamp: Timestamp;
  /** Who stamped it: `versionNode()` of a data directory, assigned once and never reused. */
  readonly node: number;
}

/** The total order of versions: by timestamp, then by node. Negative, 0 or positive, as `Array.sort` wants it. */
export function compareVersions(a: Version, b: Version): number {
  return a.timestamp - b.timestamp || a.node - b.node;
}

export interface VersionNodeParts {
  /** The member's number, 0 to 65,535; 0 belongs to stores outside any cluster. */
  readonly member: number;
  /** Counts the data directories this member has had, 0 to 65,535. */
  readonly incarnation: number;
}

const { isInteger } = Number;

/** A version's node as one unsigned 32-bit number. @throws TypeError, InvalidArgumentError */
export function versionNode({ member, incarnation }: VersionNodeParts): number {
  return (
    checkedPart(member, 'member', memberMax) * (incarnationMax + 1) +
    checkedPart(incarnation, 'incarnation', incarnationMax)
  );
}

/** The member number in a version's node. */
export function memberOf(node: number): number {
  return node >>> 16;
}

/** The incarnation in a version's node. */
export function incarnationOf(node: number): number {
  return node & incarnationMax;
}

function checkedPart(value: unknown, name: string, max: number): number {
  if (typeof value !== 'number') throw new TypeError(`${name} must be a number, got ${typeof value}`);
  if (isInteger(value) && value >= 0 && value <= max) return value;
  throw new InvalidArgumentError(`${name} must be an integer from 0 to ${max}, got ${value}`);
}
