/**
 * What a node does for the coordinators of other nodes: each message holds many operations, which its local replica
 * carries out side by side, so that one fsync serves them all.
 */
import { KvError, toKvError } from '@kv/errors';
import { incarnationOf, memberOf, type Timestamp } from '@kv/hlc';
import type { Directory, RequestHeader } from '@kv/proto/internal';
import type { ComparableReplica, ReadReply, WriteReply } from '@kv/replication';
import { type RecordView, readRecords } from '@kv/storage';

import type { Standing } from '../cluster/standing.js';
import { digestsPerMessageMax, operationsPerMessageMax, scanPageBytesMax } from '../limits.js';
import { fromJudgement, toDirectory } from '../remote/directory-messages.js';
import {
  checkRequestHeader,
  type HeaderOptions,
  type HeaderPorts,
  replyHeader,
} from '../remote/message-header.js';
import {
  fromDigestReply,
  fromReadReply,
  fromScanReply,
  fromWriteReply,
  refusedRead,
  unknownWriteResult,
} from '../remote/reply-messages.js';
import type { ReplicaService } from '../transport.js';

export interface ReplicaServicePorts extends HeaderPorts {
  readonly replica: ComparableReplica;
  readonly standing: Pick<Standing, 'judge' | 'note'>;
}

export function createReplicaService(options: HeaderOptions, ports: ReplicaServicePorts): ReplicaService {
  const { replica, standing } = ports;
  const reply = () => replyHeader(options, ports);

  /** The checksum of every record is verified before the first is handed on: all or nothing of a damaged message. */
  function open({ header, records }: { header: RequestHeader | undefined; records: Buffer }): {
    readonly records: readonly RecordView[];
    readonly deadlineMs: number;
  } {
    checkRequestHeader(header, options);
    try {
      return { records: bounded(readRecords(records)), deadlineMs: header.deadlineMs };
    } catch (error) {
      const { code, message: reason } = toKvError(error);
      throw new KvError(code, reason, { outcome: 'not-applied', cause: error });
    }
  }

  /** Rule 15: durably, and before anything is shown, so that every reply from then on names it. */
  function noteIncarnation({ from }: RequestHeader): Promise<void> {
    return standing.note({ member: memberOf(from), incarnation: incarnationOf(from) });
  }

  const ofOneIncarnation = <Result>(work: Promise<Result>) => ofSameSelf(options, work);

  return {
    write: async (request) => {
      const { records, deadlineMs } = open(request);
      const writes = records.map((record, index) => {
        const wantPrevious = ((request.wantPrevious[index >>> 3] ?? 0) & (1 << (index & 7))) !== 0;
        return replica.write({ record: record.bytes, wantPrevious, deadlineMs });
      });
      const results = await ofOneIncarnation(Promise.all(writes.map(toWriteResult)));
      return { header: reply(), results };
    },
    repair: async (request) => {
      const { records, deadlineMs } = open(request);
      const repairs = records.map((record) => replica.repair({ record: record.bytes, deadlineMs }));
      const results = await ofOneIncarnation(Promise.all(repairs.map(toWriteResult)));
      return { header: reply(), results };
    },
    read: async ({ header, keys }, { signal }) => {
      checkRequestHeader(header, options);
      const { deadlineMs } = header;
      const at = header.hlcTime as Timestamp;
      const reads = bounded(keys).map((key) => replica.read({ key, at, deadlineMs, signal }));
      const results = await ofOneIncarnation(Promise.all(reads.map(toReadResult)));
      return { header: reply(), results };
    },
    scanPartition: async ({ header, ...page }, { signal }) => {
      checkRequestHeader(header, options);
      if (page.rebuild) await noteIncarnation(header);
      const { deadlineMs } = header;
      const at = header.hlcTime as Timestamp;
      const bytesMax = Math.min(page.bytesMax, scanPageBytesMax);
      const scan = replica.scanPartition({ ...page, bytesMax, at, deadlineMs, signal });
      const answer = await ofOneIncarnation(scan);
      return fromScanReply(answer, reply());
    },
    digest: async ({ header, partitions: asked }, { signal }) => {
      checkRequestHeader(header, options);
      await noteIncarnation(header);
      const partitions = bounded(asked, digestsPerMessageMax);
      const { deadlineMs } = header;
      const answer = await ofOneIncarnation(replica.digest({ partitions, deadlineMs, signal }));
      return fromDigestReply(answer, reply());
    },
    ping: async ({ header, directory }) => {
      checkRequestHeader(header, options);
      return { header: reply(), ...fromJudgement(await judgement(standing, directory)) };
    },
  };
}

/** A reply's header speaks for all of its results, so they must be of the incarnation that it names (rule 15). */
async function ofSameSelf<Result>(options: HeaderOptions, work: Promise<Result>): Promise<Result> {
  const self = options.self();
  const result = await work;
  if (options.self() === self) return result;
  throw new KvError('unavailable', 'meanwhile this member turned out to have lost data');
}

/** A reply carries up to a record for each operation, so their number bounds its size. */
function bounded<Item>(items: readonly Item[], itemsMax = operationsPerMessageMax): readonly Item[] {
  if (items.length <= itemsMax) return items;
  throw new KvError('invalid-argument', `a message holds at most ${itemsMax} operations`, {
    outcome: 'not-applied',
  });
}

/** That a disk takes nothing now is no reason to call this member dead: it only says nothing about the directory. */
async function judgement(standing: Pick<Standing, 'judge'>, shown: Directory | undefined) {
  try {
    return shown === undefined ? undefined : await standing.judge(toDirectory(shown));
  } catch {
    return undefined;
  }
}

async function toReadResult(reply: Promise<ReadReply>) {
  try {
    return fromReadReply(await reply);
  } catch (error) {
    return refusedRead(toKvError(error).code);
  }
}

async function toWriteResult(reply: Promise<WriteReply>) {
  try {
    return fromWriteReply(await reply);
  } catch {
    // Appended, but perhaps never durable: the coordinator must not take this for a refusal.
    return unknownWriteResult;
  }
}
