import { type ErrorCode, isKvError } from '@kv/errors';
import { type HybridLogicalClock, zeroTimestamp } from '@kv/hlc';
import {
  type ComparableReplica,
  type DigestOperation,
  type DigestReply,
  type ReadOperation,
  type ReadReply,
  type Refusal,
  type RepairOperation,
  ReplicaUnreachable,
  type ReplyFacts,
  type ScanOperation,
  type ScanReply,
  type WriteOperation,
  type WriteReply,
} from '@kv/replication';

import { backgroundMessagesMax, peerBytesMax, peerGraceMs, unboundedCallMs } from '../limits.js';
import type { Timers } from '../ports.js';
import type { PeerConnection } from '../transport.js';
import { createByteBudget } from './byte-budget.js';
import { Lane, LaneFull } from './lane.js';
import {
  fixedEpoch,
  type HeaderOptions,
  type HeaderPorts,
  openReplyHeader,
  requestHeader,
} from './message-header.js';
import { toDigestReply, toReadReply, toScanReply, toWriteReply } from './reply-messages.js';
import { asBuffer } from './wire-bytes.js';

export interface RemoteReplicaOptions extends HeaderOptions {
  /** Number of the member that is asked. */
  readonly member: number;
}

export interface RemoteReplicaPorts extends HeaderPorts {
  readonly connection: PeerConnection;
  readonly timers: Timers;
}

/** A replica on another member: operations gather into messages, and each gets its own reply. */
export function createRemoteReplica(
  options: RemoteReplicaOptions,
  ports: RemoteReplicaPorts,
): ComparableReplica {
  const { connection, hlc } = ports;
  const { member } = options;
  const lanePorts = { ...ports, budget: createByteBudget(peerBytesMax) };

  const writes = new Lane<WriteOperation, WriteReply>(async (operations, deadlineMs) => {
    const header = requestHeader(options, ports, { deadlineMs });
    const request = { header, records: joined(operations), wantPrevious: wantedBits(operations) };
    const response = await connection.write(request, patience(deadlineMs));
    const facts = openReplyHeader(response.header, member);
    return response.results.map((result) => toWriteReply(result, facts));
  }, lanePorts);

  const sendRepairs = async (operations: readonly RepairOperation[], deadlineMs: number) => {
    const header = requestHeader(options, ports, { deadlineMs });
    const response = await connection.repair({ header, records: joined(operations) }, patience(deadlineMs));
    const facts = openReplyHeader(response.header, member);
    return response.results.map((result) => toWriteReply(result, facts));
  };
  const repairs = new Lane<RepairOperation, WriteReply>(sendRepairs, lanePorts);
  const backgroundRepairs = new Lane<RepairOperation, WriteReply>(sendRepairs, {
    ...ports,
    budget: createByteBudget(peerBytesMax),
    messagesMax: backgroundMessagesMax,
  });

  const reads = new Lane<ReadOperation, ReadReply>(async (operations, deadlineMs) => {
    const at = Math.max(...operations.map((operation) => operation.at));
    const header = requestHeader(options, ports, { deadlineMs, at });
    const request = { header, keys: operations.map(({ key }) => asBuffer(key)) };
    const response = await connection.read(request, patience(deadlineMs));
    const facts = openReplyHeader(response.header, member);
    return response.results.map((result) => toReadReply(result, facts));
  }, lanePorts);

  async function scanPartition(operation: ScanOperation): Promise<ScanReply> {
    const { at, partition, prefix, after, limit, bytesMax, rebuild = false } = operation;
    const deadlineMs = operation.deadlineMs === 0 ? Infinity : operation.deadlineMs;
    const header = requestHeader(options, ports, { deadlineMs, at });
    const page = { partition, prefix: asBuffer(prefix), after: asBuffer(after), limit, bytesMax, rebuild };
    const response = await connection.scanPartition({ header, ...page }, patience(deadlineMs));
    return toScanReply(response, openReplyHeader(response.header, member));
  }

  async function digest({ partitions, deadlineMs }: DigestOperation): Promise<DigestReply> {
    const boundMs = deadlineMs === 0 ? Infinity : deadlineMs;
    const header = requestHeader(options, ports, { deadlineMs: boundMs });
    const response = await connection.digest({ header, partitions: [...partitions] }, patience(boundMs));
    return toDigestReply(response, openReplyHeader(response.header, member));
  }

  /** A refusal is a reply: what was asked was certainly not done. */
  async function orRefusal<Reply>(reply: Promise<Reply>): Promise<Reply | (Refusal & ReplyFacts)> {
    try {
      return await reply;
    } catch (error) {
      const code = error instanceof LaneFull ? 'overloaded' : refusalCode(error);
      if (code !== undefined) return { kind: 'refused', code, ...factsWithoutReply(hlc) };
      if (!isKvError(error)) throw error;
      throw new ReplicaUnreachable(error.message, { sent: true, cause: error });
    }
  }

  return {
    write: (operation) =>
      orRefusal(writes.submit(operation, { ...operation, bytes: operation.record.length })),
    repair: (operation) => {
      const lane = operation.background === true ? backgroundRepairs : repairs;
      return orRefusal(lane.submit(operation, { ...operation, bytes: operation.record.length }));
    },
    read: (operation) => orRefusal(reads.submit(operation, { ...operation, bytes: operation.key.length })),
    scanPartition: (operation) => orRefusal(scanPartition(operation)),
    digest: (operation) => orRefusal(digest(operation)),
  };
}

/** A failure is a definite refusal only if the peer said so: an error from the midst of its work is not. */
function refusalCode(error: unknown): ErrorCode | undefined {
  return isKvError(error) && error.outcome === 'not-applied' ? error.code : undefined;
}

function factsWithoutReply(hlc: HybridLogicalClock): ReplyFacts {
  return { hlcTime: hlc.current(), purgeFloor: zeroTimestamp, epoch: fixedEpoch, incarnations: [] };
}

function patience(deadlineMs: number): { readonly timeoutMs: number } {
  return { timeoutMs: Number.isFinite(deadlineMs) ? deadlineMs + peerGraceMs : unboundedCallMs };
}

function joined(operations: readonly { readonly record: Uint8Array }[]): Buffer {
  const only = operations.length === 1 ? operations[0] : undefined;
  return only === undefined ? Buffer.concat(operations.map(({ record }) => record)) : asBuffer(only.record);
}

/** One bit for each operation, least significant first. */
function wantedBits(operations: readonly WriteOperation[]): Buffer {
  const bits = Buffer.alloc((operations.length + 7) >>> 3);
  for (const [index, { wantPrevious }] of operations.entries()) {
    if (wantPrevious) bits[index >>> 3]! |= 1 << (index & 7);
  }
  return bits;
}
