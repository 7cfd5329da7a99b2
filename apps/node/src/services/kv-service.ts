/** The public service: wire messages in, the coordinator's words inside, wire messages out. */
import type { ScanEntry as ScanEntryMessage, ScanResponse } from '@kv/proto';
import type { Coordinator, ScanEntry } from '@kv/replication';

import { admittedCoordinator } from '../admission/admitted-coordinator.js';
import { asBuffer, noBytes } from '../remote/wire-bytes.js';
import type { CallContext, KvService } from '../transport.js';
import { callOptions, scanOptions, toConsistency } from './call-options.js';
import { fromGetResult, fromWriteResult, toGetRequest, toPutRequest, toWriteRequest } from './kv-messages.js';
import { createSessionService, type SessionServicePorts } from './session-service.js';

export function createKvService(
  options: { readonly requestTimeoutMs: number },
  ports: SessionServicePorts & { readonly coordinator: Coordinator },
): KvService {
  const coordinator = admittedCoordinator(ports.coordinator, ports.admission);
  const bounds = (context: CallContext) => callOptions(context, options);
  return {
    get: async (message, context) =>
      fromGetResult(await coordinator.get(toGetRequest(message), bounds(context))),
    put: async (message, context) =>
      fromWriteResult(await coordinator.put(toPutRequest(message), bounds(context)), undefined),
    delete: async (message, context) =>
      fromWriteResult(await coordinator.delete(toWriteRequest(message), bounds(context)), undefined),
    ticket: ({ key, stampAbove, stampNotAfter }, context) =>
      coordinator.ticket({ key, stampAbove, stampNotAfter }, bounds(context)),
    scan: async function* ({ prefix, after, limit, consistency }, context) {
      const request = { prefix, after, limit, consistency: toConsistency(consistency) };
      for await (const page of coordinator.scan(request, scanOptions(context))) {
        yield fromScanPage(page);
      }
    },
    session: createSessionService(options, ports),
  };
}

function fromScanPage(page: { entries: readonly ScanEntry[]; next: Uint8Array | undefined }): ScanResponse {
  const next = page.next === undefined ? noBytes : asBuffer(page.next);
  return { entries: page.entries.map(fromScanEntry), next };
}

function fromScanEntry({ key, value, version, expiresAtMs }: ScanEntry): ScanEntryMessage {
  return { key: asBuffer(key), value: asBuffer(value), version, expiresAtMs };
}
