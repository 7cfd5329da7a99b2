/** What a message of reads found: replies of a replica inside, columns on the wire. */
import type { Timestamp } from '@kv/hlc';
import { type ReadResponse, ReadStatus, type ReplyHeader } from '@kv/proto/internal';
import { type HeadReply, type ReadReply, ReplicaUnreachable, type ReplyFacts } from '@kv/replication';
import { readRecord, readRecordHead, recordHeadBytes } from '@kv/storage';

import { floorAt, floorsOf, refusal } from './reply-columns.js';
import { noBytes } from './wire-bytes.js';

export function fromReadReplies(
  replies: readonly (ReadReply | HeadReply | undefined)[],
  header: ReplyHeader,
): ReadResponse {
  const statuses = Buffer.alloc(replies.length);
  const records: Uint8Array[] = [];
  const heads: Uint8Array[] = [];
  const refusals: string[] = [];
  for (let index = 0; index < replies.length; index += 1) {
    const reply = replies[index];
    if (reply === undefined) continue;
    statuses[index] = statusOf[reply.kind];
    if (reply.kind === 'found') records.push(reply.record.bytes);
    else if (reply.kind === 'head') heads.push(reply.head.bytes);
    else if (reply.kind === 'refused') refusals.push(reply.code);
  }
  return {
    header,
    statuses,
    records: records.length === 0 ? noBytes : Buffer.concat(records),
    heads: heads.length === 0 ? noBytes : Buffer.concat(heads),
    refusals,
    purgeFloors: floorsOf(replies),
  };
}

/** @throws ReplicaUnreachable, sent, if the columns do not fit each other; KvError `corrupt` if a record is not intact */
export function toReadReplies(
  response: ReadResponse,
  facts: Omit<ReplyFacts, 'purgeFloor'>,
): (ReadReply | HeadReply | undefined)[] {
  return new ReadResponseReader(response, facts).read();
}

class ReadResponseReader {
  readonly #response: ReadResponse;
  readonly #facts: Omit<ReplyFacts, 'purgeFloor'>;
  #recordsRead = 0;
  #headsRead = 0;
  #refusalsRead = 0;

  constructor(response: ReadResponse, facts: Omit<ReplyFacts, 'purgeFloor'>) {
    this.#response = response;
    this.#facts = facts;
  }

  read(): (ReadReply | HeadReply | undefined)[] {
    const { statuses, purgeFloors } = this.#response;
    const replies: (ReadReply | HeadReply | undefined)[] = [];
    for (let index = 0; index < statuses.length; index += 1) {
      // eslint-disable-next-line @typescript-eslint/no-unsafe-enum-assignment -- whatever is no status has no answer
      replies.push(this.#reply(statuses[index] as ReadStatus, floorAt(purgeFloors, index)));
    }
    return replies;
  }

  #reply(status: ReadStatus, purgeFloor: Timestamp): ReadReply | HeadReply | undefined {
    const { hlcTime, epoch, incarnations } = this.#facts;
    switch (status) {
      case ReadStatus.FOUND: {
        const record = readRecord(this.#response.records, this.#recordsRead);
        this.#recordsRead += record.bytes.length;
        return { kind: 'found', record, hlcTime, purgeFloor, epoch, incarnations };
      }
      case ReadStatus.HEAD:
        return { kind: 'head', head: this.#head(), hlcTime, purgeFloor, epoch, incarnations };
      case ReadStatus.ABSENT:
        return { kind: 'absent', hlcTime, purgeFloor, epoch, incarnations };
      case ReadStatus.REFUSED: {
        const { code } = refusal(this.#response.refusals[this.#refusalsRead++]);
        return { kind: 'refused', code, hlcTime, purgeFloor, epoch, incarnations };
      }
      default:
        return undefined;
    }
  }

  #head() {
    const { heads } = this.#response;
    const offset = this.#headsRead;
    this.#headsRead += recordHeadBytes;
    if (this.#headsRead > heads.length)
      throw new ReplicaUnreachable('the reply lacks a head', { sent: true });
    return readRecordHead(heads.subarray(offset, this.#headsRead));
  }
}

const statusOf: Readonly<Record<(ReadReply | HeadReply)['kind'], ReadStatus>> = {
  found: ReadStatus.FOUND,
  head: ReadStatus.HEAD,
  absent: ReadStatus.ABSENT,
  refused: ReadStatus.REFUSED,
};
