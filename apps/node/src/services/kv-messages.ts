/** Wire messages of single operations, to and from the coordinator's words. */
import type { Version } from '@kv/hlc';
import {
  type DeleteRequest as DeleteRequestMessage,
  type DeleteResponse,
  type GetRequest as GetRequestMessage,
  type GetResponse,
  type MemberIncarnation,
  PreviousState,
  type PutRequest as PutRequestMessage,
  type PutResponse,
  type ReplicaReadResponse,
  type ReplicaWriteResponse,
} from '@kv/proto';
import type {
  DeleteRequest,
  GetRequest,
  GetResult,
  Incarnation,
  PreviousValue,
  PutRequest,
  ReplicaReadResult,
  ReplicaWriteResult,
  WriteResult,
} from '@kv/replication';

import { asBuffer, noBytes } from '../remote/wire-bytes.js';
import { toConsistency, toVersion } from './call-options.js';

export function toGetRequest({ key, consistency }: GetRequestMessage): GetRequest {
  return { key, consistency: toConsistency(consistency) };
}

// Field by field: each operation pays for what happens here, and spreading costs more than all the rest.

export function toPutRequest(message: PutRequestMessage): PutRequest {
  return {
    key: message.key,
    value: message.value,
    ttlMs: message.ttlMs,
    consistency: toConsistency(message.consistency),
    wantPrevious: !message.omitPrevious,
    operationId: message.operationId,
    stampAbove: message.stampAbove,
    stampNotAfter: message.stampNotAfter,
    ticket: toVersion(message.ticket),
  };
}

export function toWriteRequest(message: DeleteRequestMessage): DeleteRequest {
  return {
    key: message.key,
    consistency: toConsistency(message.consistency),
    wantPrevious: !message.omitPrevious,
    operationId: message.operationId,
    stampAbove: message.stampAbove,
    stampNotAfter: message.stampNotAfter,
    ticket: toVersion(message.ticket),
  };
}

export function fromGetResult(result: GetResult): GetResponse {
  const { serverTime, version } = result;
  return result.found
    ? { found: true, value: asBuffer(result.value), version, expiresAtMs: result.expiresAtMs, serverTime }
    : { found: false, value: noBytes, version, expiresAtMs: 0, serverTime };
}

/** Of what is absent, and of a tombstone, the value is empty. */
export function fromReplicaReadResult(
  { record, identity, member, incarnations, serverTime }: ReplicaReadResult,
  omitsValue: boolean,
): ReplicaReadResponse {
  return {
    identity: identity === undefined ? noBytes : asBuffer(identity),
    tombstone: record?.tombstone ?? false,
    value: record === undefined || omitsValue ? noBytes : asBuffer(record.value),
    version: record === undefined || omitsValue ? undefined : record.version,
    expiresAtMs: record?.expiresAtMs ?? 0,
    member,
    incarnations: fromIncarnations(incarnations),
    serverTime,
  };
}

/** @param reserved for another write, if one was wanted */
export function fromWriteResult(
  { version, previous, serverTime }: WriteResult,
  reserved: Version | undefined,
): PutResponse & DeleteResponse {
  return {
    version,
    previous: previousStates[previous.kind],
    previousValue: previous.kind === 'value' ? asBuffer(previous.value) : noBytes,
    serverTime,
    reserved,
  };
}

export function fromReplicaWriteResult(result: ReplicaWriteResult): ReplicaWriteResponse {
  const { previous, incarnations } = result;
  return {
    stored: result.stored,
    previous: previousStates[previous.kind],
    previousValue: previous.kind === 'value' ? asBuffer(previous.value) : noBytes,
    previousVersion: result.previousVersion,
    member: result.member,
    incarnations: fromIncarnations(incarnations),
    serverTime: result.serverTime,
    reserved: result.reserved,
  };
}

function fromIncarnations(incarnations: readonly Incarnation[]): MemberIncarnation[] {
  return incarnations.length === 0 ? none : [...incarnations];
}

/** Nearly always, and never written to. */
const none: MemberIncarnation[] = [];

const previousStates: Readonly<Record<PreviousValue['kind'], PreviousState>> = {
  'not-asked': PreviousState.UNSPECIFIED,
  unknown: PreviousState.UNKNOWN,
  none: PreviousState.NONE,
  value: PreviousState.VALUE,
};
