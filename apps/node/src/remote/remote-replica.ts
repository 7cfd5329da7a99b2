import type { DigestOperation, DigestReply, ScanOperation, ScanReply } from '@kv/replication';

import type { ChanneledReplica } from '../lanes/member-channel.js';
import { peerGraceMs, unboundedCallMs } from '../limits.js';
import type { PeerConnection } from '../transport.js';
import { fromKeys } from './key-column.js';
import { type HeaderOptions, type HeaderPorts, openReplyHeader, requestHeader } from './message-header.js';
import { toReadAnswers } from './read-results.js';
import { toDigestReply, toScanReply } from './reply-messages.js';
import { asBuffer, noBytes } from './wire-bytes.js';
import { toWriteAnswers } from './write-results.js';

export interface RemoteReplicaOptions extends HeaderOptions {
  /** Number of the member that is asked. */
  readonly member: number;
}

export interface RemoteReplicaPorts extends HeaderPorts {
  readonly connection: PeerConnection;
}

/** A replica on another member. Calls reject as those of its connection do. */
export function createRemoteReplica(
  options: RemoteReplicaOptions,
  ports: RemoteReplicaPorts,
): ChanneledReplica {
  const { connection } = ports;
  const { member } = options;
  return {
    writeBatch: async ({ records, wantPrevious, expected, deadlineMs }) => {
      const request = {
        header: requestHeader(options, ports, { deadlineMs }),
        records: asBuffer(records),
        wantPrevious: asBuffer(wantPrevious),
        expected: expected === undefined ? noBytes : asBuffer(expected),
      };
      const response = await connection.write(request, patience(deadlineMs));
      return toWriteAnswers(response.results, openReplyHeader(response.header, member));
    },
    repairBatch: async ({ records, deadlineMs }) => {
      const header = requestHeader(options, ports, { deadlineMs });
      const response = await connection.repair({ header, records: asBuffer(records) }, patience(deadlineMs));
      return toWriteAnswers(response.results, openReplyHeader(response.header, member));
    },
    readBatch: async ({ keys, wantValue, at, deadlineMs }) => {
      const request = {
        header: requestHeader(options, ports, { deadlineMs, at }),
        keys: fromKeys(keys),
        wantValue: asBuffer(wantValue),
      };
      const response = await connection.read(request, patience(deadlineMs));
      return toReadAnswers(response, openReplyHeader(response.header, member));
    },
    scanPartition: async (operation: ScanOperation): Promise<ScanReply> => {
      const { at, partition, prefix, after, limit, bytesMax, rebuild = false, deadlineMs } = operation;
      const header = requestHeader(options, ports, { deadlineMs, at });
      const page = { partition, prefix: asBuffer(prefix), after: asBuffer(after), limit, bytesMax, rebuild };
      const response = await connection.scanPartition({ header, ...page }, patience(deadlineMs));
      return toScanReply(response, openReplyHeader(response.header, member));
    },
    digest: async ({ partitions, deadlineMs }: DigestOperation): Promise<DigestReply> => {
      const header = requestHeader(options, ports, { deadlineMs });
      const response = await connection.digest({ header, partitions: [...partitions] }, patience(deadlineMs));
      return toDigestReply(response, openReplyHeader(response.header, member));
    },
  };
}

function patience(deadlineMs: number): { readonly timeoutMs: number } {
  return { timeoutMs: deadlineMs === 0 ? unboundedCallMs : deadlineMs + peerGraceMs };
}
