import type { Assignment } from './assignment.js';
import { InvalidArgumentError } from './errors.js';
import { memberNumberMax, partitionsMax, replicationFactorMax, weightMax, weightMin } from './limits.js';

export interface RingMember {
  /** Its name; unique. */
  readonly id: string;
  /** 1 to 65,535; unique, and never given to another member. */
  readonly number: number;
  /** Its share relative to others; 0.001 to 1,000,000. Default 1. */
  readonly weight?: number | undefined;
  /** What fails together: a machine, a rack, a site. Default: the member is a zone of its own. */
  readonly zone?: string | undefined;
}

export interface RingOptions {
  /** A power of two, 1 to 65,536; the same for the whole life of a cluster. */
  readonly partitions: number;
  /** Replicas of each partition, 1 to 15. */
  readonly replicationFactor: number;
}

export interface ClaimOptions extends RingOptions {
  /** Everybody who shall own partitions, in any order; at least one. */
  readonly members: readonly RingMember[];
}

/** @throws TypeError, InvalidArgumentError */
export function checkRing({ partitions, replicationFactor }: RingOptions): void {
  checkInteger('partitions', partitions, partitionsMax);
  if ((partitions & (partitions - 1)) !== 0) {
    throw new InvalidArgumentError(
      `partitions must be a power of two, got ${partitions}; take 1024 if in doubt`,
    );
  }
  checkInteger('replicationFactor', replicationFactor, replicationFactorMax);
}

/** @throws TypeError, InvalidArgumentError */
export function checkMembers(members: readonly RingMember[]): void {
  const given: unknown = members;
  if (!Array.isArray(given)) throw new TypeError(`members must be an array, got ${typeof given}`);
  if (members.length === 0) {
    throw new InvalidArgumentError('members is empty; partitions need somebody to own them');
  }
  const ids = new Set<string>();
  const numbers = new Set<number>();
  for (const { id, number, weight = 1, zone } of members) {
    if (typeof (id as unknown) !== 'string')
      throw new TypeError(`a member's id must be a string, got ${typeof id}`);
    if (id === '') throw new InvalidArgumentError('a member has an empty id; give it a name');
    if (ids.has(id)) throw new InvalidArgumentError(`two members have the id "${id}"; ids must be unique`);
    checkInteger(`the number of member "${id}"`, number, memberNumberMax);
    if (numbers.has(number)) {
      throw new InvalidArgumentError(
        `two members have the number ${number}, one is "${id}"; numbers must be unique`,
      );
    }
    if (typeof (weight as unknown) !== 'number')
      throw new TypeError(`the weight of member "${id}" must be a number`);
    if (!(weight >= weightMin && weight <= weightMax)) {
      throw new InvalidArgumentError(
        `the weight of member "${id}" must be from ${weightMin} to ${weightMax}, got ${weight}; to give it nothing, leave it out`,
      );
    }
    if (zone !== undefined && typeof (zone as unknown) !== 'string') {
      throw new TypeError(`the zone of member "${id}" must be a string`);
    }
    ids.add(id);
    numbers.add(number);
  }
}

/** @throws TypeError, InvalidArgumentError */
export function checkPrevious(previous: Assignment, partitions: number): void {
  checkRing(previous);
  const { owners, replicationFactor } = previous;
  if (!(owners instanceof Uint16Array))
    throw new TypeError('owners of the previous assignment must be a Uint16Array');
  if (previous.partitions !== partitions) {
    throw new InvalidArgumentError(
      `the previous assignment has ${previous.partitions} partitions, not ${partitions}; the number is fixed for the life of a cluster`,
    );
  }
  if (owners.length !== partitions * replicationFactor) {
    throw new InvalidArgumentError(
      `the previous assignment needs ${partitions * replicationFactor} owners, it has ${owners.length}; it is damaged`,
    );
  }
  for (let row = 0; row < owners.length; row += replicationFactor)
    checkRow(owners, row, row + replicationFactor);
}

function checkRow(owners: Uint16Array, start: number, end: number): void {
  for (let at = start; at < end; at += 1) {
    const number = owners[at]!;
    if (number !== 0 ? owners.indexOf(number, start) < at : at + 1 < end && owners[at + 1] !== 0) {
      throw new InvalidArgumentError(
        `partition ${start / (end - start)} of the previous assignment lists an owner twice or has a gap; it is damaged`,
      );
    }
  }
}

function checkInteger(name: string, value: unknown, max: number): void {
  if (typeof value !== 'number') throw new TypeError(`${name} must be a number, got ${typeof value}`);
  if (!(Number.isInteger(value) && value >= 1 && value <= max)) {
    throw new InvalidArgumentError(`${name} must be an integer from 1 to ${max}, got ${value}`);
  }
}
