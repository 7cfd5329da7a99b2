import { KvError } from '@kv/errors';
import { isTimestamp, type Timestamp } from '@kv/hlc';

import type { ConsistencyLevel } from '../consistency-level.js';
import { keyBytesMax, operationIdBytes, ttlMsMax, valueBytesMax } from '../limits.js';
import type { DeleteRequest, PutRequest } from './requests.js';

/** A request's bounds, checked where it enters; nothing was handed to anybody when one of these throws. */
export type OfferedLevel = Exclude<ConsistencyLevel, 'linearizable'>;

export interface CheckedWrite {
  readonly key: Uint8Array;
  /** Undefined = a tombstone. */
  readonly value: Uint8Array | undefined;
  readonly consistency: OfferedLevel;
  /** 0 = never expires. */
  readonly ttlMs: number;
  readonly wantPrevious: boolean;
  readonly operationId: Uint8Array | undefined;
  readonly stampAbove: Timestamp | undefined;
  readonly stampNotAfter: Timestamp | undefined;
}

/** @throws KvError `invalid-argument` or `unimplemented`, outcome `not-applied` */
export function checkPut(request: PutRequest): CheckedWrite {
  const { value, ttlMs = 0 } = request;
  checkBytes(value, 'value');
  if (value.length > valueBytesMax) {
    throw refused(`the value has ${value.length} bytes, the limit is ${valueBytesMax}`);
  }
  if (!Number.isSafeInteger(ttlMs) || ttlMs < 0 || ttlMs > ttlMsMax) {
    throw refused(`the time to live must be from 0 to ${ttlMsMax} whole milliseconds, it is ${ttlMs}`);
  }
  return { ...checkDelete(request), value, ttlMs };
}

/** @throws as `checkPut` */
export function checkDelete(request: DeleteRequest): CheckedWrite {
  const { key, wantPrevious, operationId, ticket } = request;
  checkKey(key, 'not-applied');
  if (ticket !== undefined) throw unimplemented('tickets are', 'not-applied');
  return {
    key,
    value: undefined,
    consistency: checkLevel(request.consistency, 'not-applied'),
    ttlMs: 0,
    wantPrevious,
    operationId: checkedOperationId(operationId),
    stampAbove: checkedStamp(request.stampAbove, 'stampAbove'),
    stampNotAfter: checkedStamp(request.stampNotAfter, 'stampNotAfter'),
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

/** @throws KvError `unimplemented` for `linearizable` */
export function checkLevel(level: ConsistencyLevel, outcome?: 'not-applied'): OfferedLevel {
  switch (level) {
    case 'one':
    case 'quorum':
    case 'all':
      return level;
    case 'linearizable':
      throw unimplemented('the consistency level linearizable is', outcome);
    default:
      throw refused(`the consistency level ${String(level satisfies never)} is not known`, outcome);
  }
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

function checkBytes(bytes: unknown, name: string): void {
  if (!(bytes instanceof Uint8Array)) throw new TypeError(`the ${name} must be a Uint8Array`);
}

function refused(message: string, outcome: 'not-applied' | undefined = 'not-applied'): KvError {
  return new KvError('invalid-argument', message, { outcome });
}

function unimplemented(what: string, outcome: 'not-applied' | undefined): KvError {
  return new KvError('unimplemented', `${what} not offered by this version`, { outcome });
}
