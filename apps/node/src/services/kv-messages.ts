/** Wire messages of single operations, to and from the coordinator's words. */
import {
  type DeleteRequest as DeleteRequestMessage,
  type DeleteResponse,
  type GetRequest as GetRequestMessage,
  type GetResponse,
  PreviousState,
  type PutRequest as PutRequestMessage,
  type PutResponse,
} from '@kv/proto';
import type {
  DeleteRequest,
  GetRequest,
  GetResult,
  PreviousValue,
  PutRequest,
  WriteResult,
} from '@kv/replication';

import { asBuffer, noBytes } from '../remote/wire-bytes.js';
import { toConsistency, toVersion } from './call-options.js';

export function toGetRequest({ key, consistency }: GetRequestMessage): GetRequest {
  return { key, consistency: toConsistency(consistency) };
}

export function toPutRequest(message: PutRequestMessage): PutRequest {
  return { ...toWriteRequest(message), value: message.value, ttlMs: message.ttlMs };
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

export function fromWriteResult({
  version,
  previous,
  serverTime,
}: WriteResult): PutResponse & DeleteResponse {
  return { version, ...fromPrevious(previous), serverTime };
}

function fromPrevious(previous: PreviousValue): Pick<PutResponse, 'previous' | 'previousValue'> {
  switch (previous.kind) {
    case 'not-asked':
      return { previous: PreviousState.UNSPECIFIED, previousValue: noBytes };
    case 'unknown':
      return { previous: PreviousState.UNKNOWN, previousValue: noBytes };
    case 'none':
      return { previous: PreviousState.NONE, previousValue: noBytes };
    case 'value':
      return { previous: PreviousState.VALUE, previousValue: asBuffer(previous.value) };
  }
}
