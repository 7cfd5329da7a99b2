import { KvError } from '@kv/errors';
import { isTimestamp, type Timestamp, type Version } from '@kv/hlc';

import type { ConsistencyLevel } from '../consistency-level.js';
import { keyBytesMax, operationIdBytes, ttlMsMax, valueBytesMax } from '../limits.js';
import type { DeleteRequest, PutRequest, ReplicaWriteRequest, TicketRequest } from './requests.js';

/** A request's bounds, checked where it enters; nothing was handed to anybody when one of these throws. */
export interface CheckedTicketRequest {
  readonly key: Uint8Array;
  readonly stampAbove: Timestamp | undefined;
  readonly stampNotAfter: Timestamp | undefined;
}

export interface CheckedWrite extends CheckedTicketRequest {
  /** Undefined = a tombstone. */
  readonly value: Uint8Array | undefined;
  readonly consistency: ConsistencyLevel;
  /** 0 = never expires. */
  readonly ttlMs: number;
  readonly wantPrevious: boolean;
  readonly operationId: Uint8Array | undefined;
  /** Only at `linearizable`; undefined there = to be obtained. */
  readonly ticket: Version | undefined;
}

/** @throws KvError `invalid-argument`, outcome `not-applied` */
export function checkPut(request: PutRequest): CheckedWrite {
  const { value, ttlMs = 0 } = request;
  checkValue(value);
  if (!Number.isSafeInteger(ttlMs) || ttlMs < 0 || ttlMs > ttlMsMax) {
    throw refused(`the time to live must be from 0 to ${ttlMsMax} whole milliseconds, it is ${ttlMs}`);
  }
  return checkWrite(request, value, ttlMs);
}

/** @returns its operation id, if it has one. @throws as `checkPut` */
export function checkReplicaWrite(request: ReplicaWriteRequest): Uint8Array | undefined {
  const { key, value, version, operationId } = request;
  checkKey(key, 'not-applied');
  if (value !== undefined) checkValue(value);
  checkVersion(version, 'version');
  return checkedOperationId(operationId);
}

/** @throws as `checkPut` */
export function checkDelete(request: DeleteRequest): CheckedWrite {
  return checkWrite(request, undefined, 0);
}

function checkWrite(request: DeleteRequest, value: Uint8Array | undefined, ttlMs: number): CheckedWrite {
  const { key, stampAbove, stampNotAfter } = checkTicketRequest(request);
  const { wantPrevious } = request;
  const consistency = checkLevel(request.consistency, 'not-applied');
  const operationId = checkedOperationId(request.operationId);
  const ticket =
    request.ticket === undefined
      ? undefined
      : checkedTicket(request.ticket, { stampAbove, stampNotAfter, consistency });
  return { key, stampAbove, stampNotAfter, value, consistency, ttlMs, wantPrevious, operationId, ticket };
}

/** @throws as `checkPut` */
export function checkTicketRequest({ key, stampAbove, stampNotAfter }: TicketRequest): CheckedTicketRequest {
  checkKey(key, 'not-applied');
  return {
    key,
    stampAbove: checkedStamp(stampAbove, 'stampAbove'),
    stampNotAfter: checkedStamp(stampNotAfter, 'stampNotAfter'),
  };
}

/** @throws KvError `invalid-argument` */
export function checkKey(key: Uint8Array, outcome?: 'not-applied'): void {
  checkBytes(key, 'key');
  if (key.length === 0) throw refused('the key is empty; it must have at least 1 byte', outcome);
  if (key.length > keyBytesMax) {
    throw refused(`the key has ${key.length} bytes, the limit is ${keyBytesMax}`, outcome);
  }
}

/** @throws KvError `invalid-argument` */
export function checkLevel(level: ConsistencyLevel, outcome?: 'not-applied'): ConsistencyLevel {
  switch (level) {
    case 'one':
    case 'quorum':
    case 'all':
    case 'linearizable':
      return level;
    default:
      throw refused(`the consistency level ${String(level satisfies never)} is not known`, outcome);
  }
}

/**
 * A scan waits for no write-back, so a value that it showed may be gone in the next one: no linearizable read of anything.
 *
 * @throws KvError `unimplemented` for `linearizable`
 */
export function checkScanLevel(level: ConsistencyLevel): ConsistencyLevel {
  if (level !== 'linearizable') return checkLevel(level);
  throw new KvError('unimplemented', 'a scan is no linearizable read: scan at quorum or all');
}

/** Of a scan: as long as a key may be, and may be empty. @throws KvError `invalid-argument` */
export function checkKeyPart(part: Uint8Array, name: string): void {
  checkBytes(part, name);
  if (part.length > keyBytesMax) {
    throw new KvError('invalid-argument', `${name} has ${part.length} bytes, the limit is ${keyBytesMax}`);
  }
}

/** Entries in all; 0 = no limit. @throws KvError `invalid-argument` */
export function checkLimit(limit: number): void {
  if (!Number.isSafeInteger(limit) || limit < 0) {
    throw new KvError('invalid-argument', `the limit must be a whole number from 0, it is ${limit}`);
  }
}

function checkedOperationId(operationId: Uint8Array | undefined): Uint8Array | undefined {
  if (operationId === undefined || operationId.length === 0) return undefined;
  if (operationId.length === operationIdBytes) return operationId;
  throw refused(`an operation id has ${operationIdBytes} bytes, this one has ${operationId.length}`);
}

function checkedStamp(stamp: number | undefined, name: string): Timestamp | undefined {
  if (stamp === undefined || stamp === 0) return undefined;
  if (isTimestamp(stamp)) return stamp;
  throw refused(`${name} must be a timestamp, it is ${stamp}`);
}

/** Nothing is stamped with a ticket at hand, so bounds of a stamp beside it would be ignored: a mistake of the caller. */
function checkedTicket(
  ticket: Version,
  {
    consistency,
    stampAbove,
    stampNotAfter,
  }: Pick<CheckedWrite, 'consistency' | 'stampAbove' | 'stampNotAfter'>,
): Version {
  checkVersion(ticket, 'ticket');
  if (consistency !== 'linearizable') {
    throw refused(`a ticket is stored at the level linearizable, not ${consistency}`);
  }
  if (stampAbove !== undefined || stampNotAfter !== undefined) {
    throw refused('stampAbove and stampNotAfter bind the request for a ticket, not a write that has one');
  }
  return ticket;
}

function checkVersion({ timestamp, node }: Version, name: string): void {
  if (!isTimestamp(timestamp) || timestamp === 0) throw refused(`the ${name}'s timestamp is ${timestamp}`);
  if (!Number.isInteger(node) || node < 1 || node > nodeMax) throw refused(`the ${name}'s node is ${node}`);
}

/** 32 bits: member number and incarnation. */
const nodeMax = 0xffff_ffff;

function checkValue(value: Uint8Array): void {
  checkBytes(value, 'value');
  if (value.length > valueBytesMax) {
    throw refused(`the value has ${value.length} bytes, the limit is ${valueBytesMax}`);
  }
}

function checkBytes(bytes: unknown, name: string): void {
  if (!(bytes instanceof Uint8Array)) throw new TypeError(`the ${name} must be a Uint8Array`);
}

function refused(message: string, outcome: 'not-applied' | undefined = 'not-applied'): KvError {
  return new KvError('invalid-argument', message, { outcome });
}
