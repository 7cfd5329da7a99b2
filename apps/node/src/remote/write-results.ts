/** What became of the records of a message: replies of a replica inside, columns on the wire. */
import type { Timestamp } from '@kv/hlc';
import { type WriteResults, WriteStatus } from '@kv/proto/internal';
import {
  perhapsSent,
  ReplicaUnreachable,
  type ReplyFacts,
  sameAnswer,
  type WriteAnswer,
  type WriteAnswers,
  type WriteReply,
} from '@kv/replication';
import { readRecord, type RecordView } from '@kv/storage';

import { recordBytesReturnedMax } from '../limits.js';
import { checkedTimestamp } from './message-header.js';
import { floorAt, noteFloor, refusal } from './reply-columns.js';
import { noBytes } from './wire-bytes.js';

const hasRecord = 16;
const asExpected = 32;
const newerBytes = 12;

/** An answer that is none: the write was begun, and whether it will be durable is not known. */
export function fromWriteAnswers(answers: WriteAnswers, count: number): WriteResults {
  // Of the pool, which `alloc` is not: memory of its own would cost more than all that is written to it.
  const statuses = Buffer.allocUnsafe(count).fill(0);
  const records: Uint8Array[] = [];
  const newer: Buffer[] = [];
  const refusals: string[] = [];
  const purgeFloors: number[] = [];
  let recordBytes = 0;
  for (let index = 0; index < count; index += 1) {
    if (answers.isStored(index)) {
      statuses[index] = WriteStatus.STORED;
      continue;
    }
    if (answers.isAsExpected(index)) {
      statuses[index] = WriteStatus.STORED | asExpected;
      continue;
    }
    const reply = answers.answerAt(index);
    if (reply.kind === 'unreachable') continue;
    noteFloor(purgeFloors, { index, count, purgeFloor: reply.purgeFloor });
    statuses[index] = statusOf[reply.kind];
    switch (reply.kind) {
      case 'stored':
        break;
      case 'newer':
        newer.push(fromVersion(reply.version));
        break;
      case 'refused':
        refusals.push(reply.code);
        continue;
      case 'already':
      case 'below-floor':
      case 'abstained':
        continue;
    }
    if (reply.previous === undefined) continue;
    recordBytes += reply.previous.bytes.length;
    if (recordBytes > recordBytesReturnedMax) {
      // True of what is stored as well, and tells nothing of what was there before.
      if (reply.kind === 'stored') statuses[index] = WriteStatus.ALREADY;
      continue;
    }
    statuses[index] = statusOf[reply.kind] | hasRecord;
    records.push(reply.previous.bytes);
  }
  return {
    statuses,
    records: records.length === 0 ? noBytes : Buffer.concat(records),
    newerVersions: newer.length === 0 ? noBytes : Buffer.concat(newer),
    refusals,
    purgeFloors,
  };
}

/** Answers that cannot be read are none. */
export function toWriteAnswers(
  results: WriteResults | undefined,
  facts: Omit<ReplyFacts, 'purgeFloor'>,
): WriteAnswers {
  return results === undefined ? sameAnswer(perhapsSent) : new RemoteWriteAnswers(results, facts);
}

class RemoteWriteAnswers implements WriteAnswers {
  readonly isNone = false;
  readonly incarnations: ReplyFacts['incarnations'];
  readonly #results: WriteResults;
  readonly #facts: Omit<ReplyFacts, 'purgeFloor'>;
  /** Made of the columns once somebody asks for more than their statuses. */
  #replies: readonly (WriteReply | undefined)[] | undefined;

  constructor(results: WriteResults, facts: Omit<ReplyFacts, 'purgeFloor'>) {
    this.incarnations = facts.incarnations;
    this.#results = results;
    this.#facts = facts;
  }

  isStored(index: number): boolean {
    return this.#results.statuses[index] === WriteStatus.STORED;
  }

  isAsExpected(index: number): boolean {
    return this.#results.statuses[index] === (WriteStatus.STORED | asExpected);
  }

  answerAt(index: number): WriteAnswer {
    this.#replies ??= this.#read();
    return this.#replies[index] ?? perhapsSent;
  }

  /** Columns that do not fit each other tell nothing. */
  #read(): readonly (WriteReply | undefined)[] {
    try {
      return new WriteResultsReader(this.#results, this.#facts).read();
    } catch {
      return [];
    }
  }
}

class WriteResultsReader {
  readonly #results: WriteResults;
  readonly #facts: Omit<ReplyFacts, 'purgeFloor'>;
  #recordsRead = 0;
  #newerRead = 0;
  #refusalsRead = 0;

  constructor(results: WriteResults, facts: Omit<ReplyFacts, 'purgeFloor'>) {
    this.#results = results;
    this.#facts = facts;
  }

  read(): (WriteReply | undefined)[] {
    const { statuses, purgeFloors } = this.#results;
    const replies: (WriteReply | undefined)[] = [];
    for (let index = 0; index < statuses.length; index += 1) {
      replies.push(this.#reply(statuses[index]!, floorAt(purgeFloors, index)));
    }
    return replies;
  }

  #reply(status: number, purgeFloor: Timestamp): WriteReply | undefined {
    const { hlcTime, epoch, incarnations } = this.#facts;
    const previous = (status & hasRecord) === 0 ? undefined : this.#record();
    // eslint-disable-next-line @typescript-eslint/no-unsafe-enum-assignment -- whatever is no status has no answer
    switch ((status & ~(hasRecord | asExpected)) as WriteStatus) {
      case WriteStatus.STORED:
        return { kind: 'stored', previous, hlcTime, purgeFloor, epoch, incarnations };
      case WriteStatus.ALREADY:
        return { kind: 'already', hlcTime, purgeFloor, epoch, incarnations };
      case WriteStatus.NEWER: {
        const version = this.#version();
        return { kind: 'newer', version, previous, hlcTime, purgeFloor, epoch, incarnations };
      }
      case WriteStatus.BELOW_FLOOR:
        return { kind: 'below-floor', hlcTime, purgeFloor, epoch, incarnations };
      case WriteStatus.ABSTAINED:
        return { kind: 'abstained', hlcTime, purgeFloor, epoch, incarnations };
      case WriteStatus.REFUSED: {
        const { code } = refusal(this.#results.refusals[this.#refusalsRead++]);
        return { kind: 'refused', code, hlcTime, purgeFloor, epoch, incarnations };
      }
      default:
        return undefined;
    }
  }

  #record(): RecordView {
    const record = readRecord(this.#results.records, this.#recordsRead);
    this.#recordsRead += record.bytes.length;
    return record;
  }

  #version() {
    const { newerVersions } = this.#results;
    const offset = this.#newerRead;
    this.#newerRead += newerBytes;
    if (this.#newerRead > newerVersions.length) {
      throw new ReplicaUnreachable('the reply lacks a version', { sent: true });
    }
    const low = newerVersions.readUInt32LE(offset);
    const timestamp = checkedTimestamp(newerVersions.readUInt32LE(offset + 4) * 0x1_0000_0000 + low);
    return { timestamp, node: newerVersions.readUInt32LE(offset + 8) };
  }
}

function fromVersion({ timestamp, node }: { readonly timestamp: number; readonly node: number }): Buffer {
  const bytes = Buffer.allocUnsafe(newerBytes);
  bytes.writeUInt32LE(timestamp % 0x1_0000_0000, 0);
  bytes.writeUInt32LE(Math.floor(timestamp / 0x1_0000_0000), 4);
  bytes.writeUInt32LE(node, 8);
  return bytes;
}

const statusOf: Readonly<Record<WriteReply['kind'], WriteStatus>> = {
  stored: WriteStatus.STORED,
  already: WriteStatus.ALREADY,
  newer: WriteStatus.NEWER,
  refused: WriteStatus.REFUSED,
  'below-floor': WriteStatus.BELOW_FLOOR,
  abstained: WriteStatus.ABSTAINED,
};
