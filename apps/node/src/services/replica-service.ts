/**
 * What a node does for the coordinators of other nodes: each message holds many operations, which its local replica
 * carries out side by side, so that one fsync serves them all.
 */
import { KvError, toKvError } from '@kv/errors';
import { incarnationOf, memberOf, type Timestamp } from '@kv/hlc';
import type { Directory, RequestHeader } from '@kv/proto/internal';
import { type Bits, countBits, type WriteAnswers } from '@kv/replication';
import { countRecords } from '@kv/storage';

import type { Standing } from '../cluster/standing.js';
import type { ChanneledReplica } from '../lanes/member-channel.js';
import {
  digestsPerMessageMax,
  operationsPerMessageMax,
  recordsReturnedPerMessageMax,
  scanPageBytesMax,
} from '../limits.js';
import { fromJudgement, toDirectory } from '../remote/directory-messages.js';
import { toKeys } from '../remote/key-column.js';
import {
  checkRequestHeader,
  type HeaderOptions,
  type HeaderPorts,
  replyHeader,
} from '../remote/message-header.js';
import { fromReadAnswers } from '../remote/read-results.js';
import { fromDigestReply, fromScanReply } from '../remote/reply-messages.js';
import { fromWriteAnswers } from '../remote/write-results.js';
import type { ReplicaService } from '../transport.js';

export interface ReplicaServicePorts extends HeaderPorts {
  readonly replica: ChanneledReplica;
  readonly standing: Pick<Standing, 'judge' | 'note'>;
}

export function createReplicaService(options: HeaderOptions, ports: ReplicaServicePorts): ReplicaService {
  const { replica, standing } = ports;
  const reply = () => replyHeader(options, ports);

  /** Rule 15: durably, and before anything is shown, so that every reply from then on names it. */
  function noteIncarnation({ from }: RequestHeader): Promise<void> {
    return standing.note({ member: memberOf(from), incarnation: incarnationOf(from) });
  }

  const ofOneIncarnation = <Result>(work: Promise<Result>) => ofSameSelf(options, work);

  return {
    write: async ({ header, records, wantPrevious, expected: column }) => {
      checkRequestHeader(header, options);
      const count = countRecords(records);
      const expected = column.length === 0 ? undefined : column;
      // What is expected is not sent; of the rest so much as fits.
      checkCounts(count, expected === undefined ? wantPrevious : undefined);
      const { deadlineMs } = header;
      const answers = await ofOneIncarnation(
        orNotApplied(replica.writeBatch({ records, wantPrevious, expected, deadlineMs })),
      );
      return { header: reply(), results: fromWriteAnswers(answers, count) };
    },
    repair: async ({ header, records }) => {
      checkRequestHeader(header, options);
      const count = countRecords(records);
      checkCounts(count);
      const { deadlineMs } = header;
      const answers = await ofOneIncarnation(orNotApplied(replica.repairBatch({ records, deadlineMs })));
      return { header: reply(), results: fromWriteAnswers(answers, count) };
    },
    read: async ({ header, keys: column, wantValue }, { signal }) => {
      checkRequestHeader(header, options);
      const keys = toKeys(column);
      checkCounts(keys.length, wantValue);
      const { deadlineMs } = header;
      const at = header.hlcTime as Timestamp;
      const answers = await ofOneIncarnation(replica.readBatch({ keys, wantValue, at, deadlineMs, signal }));
      return fromReadAnswers(answers, { count: keys.length, wantValue, header: reply() });
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
      checkCount(asked.length, digestsPerMessageMax);
      const { deadlineMs } = header;
      const answer = await ofOneIncarnation(replica.digest({ partitions: asked, deadlineMs, signal }));
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

/** A reply carries up to a record for each operation that wants one, so their number bounds its size. */
function checkCounts(count: number, wanted?: Bits): void {
  checkCount(count, operationsPerMessageMax);
  if (wanted !== undefined && countBits(wanted) > recordsReturnedPerMessageMax) {
    throw new KvError(
      'invalid-argument',
      `a message asks for at most ${recordsReturnedPerMessageMax} records`,
      { outcome: 'not-applied' },
    );
  }
}

function checkCount(count: number, countMax: number): void {
  if (count <= countMax) return;
  throw new KvError('invalid-argument', `a message holds at most ${countMax} operations`, {
    outcome: 'not-applied',
  });
}

/** The checksum of every record is verified before the first is taken in: all or nothing of a damaged message. */
async function orNotApplied(answers: Promise<WriteAnswers>): Promise<WriteAnswers> {
  try {
    return await answers;
  } catch (error) {
    const { code, message: reason } = toKvError(error);
    throw new KvError(code, reason, { outcome: 'not-applied', cause: error });
  }
}

/** That a disk takes nothing now is no reason to call this member dead: it only says nothing about the directory. */
async function judgement(standing: Pick<Standing, 'judge'>, shown: Directory | undefined) {
  try {
    return shown === undefined ? undefined : await standing.judge(toDirectory(shown));
  } catch {
    return undefined;
  }
}
