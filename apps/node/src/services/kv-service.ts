/** The public service: wire messages in, the coordinator's words inside, wire messages out. */
import {
  type DeleteRequest,
  type DeleteResponse,
  type GetResponse,
  PreviousState,
  type PutResponse,
  type ScanEntry as ScanEntryMessage,
  type ScanResponse,
} from '@kv/proto';
import type { Coordinator, GetResult, PreviousValue, ScanEntry, WriteResult } from '@kv/replication';

import { asBuffer, noBytes } from '../remote/wire-bytes.js';
import type { CallContext, KvService } from '../transport.js';
import { callOptions, scanOptions, toConsistency, toVersion } from './call-options.js';

export function createKvService(
  options: { readonly requestTimeoutMs: number },
  { coordinator }: { readonly coordinator: Coordinator },
): KvService {
  const bounds = (context: CallContext) => callOptions(context, options);
  return {
    get: async ({ key, consistency }, context) => {
      const request = { key, consistency: toConsistency(consistency) };
      return fromGetResult(await coordinator.get(request, bounds(context)));
    },
    put: async (message, context) => {
      const request = { ...toWriteRequest(message), value: message.value, ttlMs: message.ttlMs };
      return fromWriteResult(await coordinator.put(request, bounds(context)));
    },
    delete: async (message, context) =>
      fromWriteResult(await coordinator.delete(toWriteRequest(message), bounds(context))),
    ticket: ({ key, stampAbove, stampNotAfter }, context) =>
      coordinator.ticket({ key, stampAbove, stampNotAfter }, bounds(context)),
    scan: async function* ({ prefix, after, limit, consistency }, context) {
      const request = { prefix, after, limit, consistency: toConsistency(consistency) };
      for await (const page of coordinator.scan(request, scanOptions(context))) {
        yield fromScanPage(page);
      }
    },
  };
}

function toWriteRequest(message: DeleteRequest) {
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

function fromGetResult(result: GetResult): GetResponse {
  const { serverTime, version } = result;
  return result.found
    ? { found: true, value: asBuffer(result.value), version, expiresAtMs: result.expiresAtMs, serverTime }
    : { found: false, value: noBytes, version, expiresAtMs: 0, serverTime };
}

function fromWriteResult({ version, previous, serverTime }: WriteResult): PutResponse & DeleteResponse {
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

function fromScanPage(page: { entries: readonly ScanEntry[]; next: Uint8Array | undefined }): ScanResponse {
  const next = page.next === undefined ? noBytes : asBuffer(page.next);
  return { entries: page.entries.map(fromScanEntry), next };
}

function fromScanEntry({ key, value, version, expiresAtMs }: ScanEntry): ScanEntryMessage {
  return { key: asBuffer(key), value: asBuffer(value), version, expiresAtMs };
}
