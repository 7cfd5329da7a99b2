/** What a message of reads found: replies of a replica inside, columns on the wire. */
import { isTimestamp, type Timestamp, zeroTimestamp } from '@kv/hlc';
import { type ReadResponse, ReadStatus, type ReplyHeader } from '@kv/proto/internal';
import {
  bitAt,
  type Bits,
  type HeadAnswer,
  type HeadReply,
  perhapsSent,
  type ReadAnswer,
  type ReadAnswers,
  type ReadReply,
  ReplicaUnreachable,
  type ReplyFacts,
} from '@kv/replication';
import {
  copyHead,
  headMatches,
  headTimestamp,
  readRecord,
  readRecordHead,
  type RecordView,
  recordHeadBytes,
} from '@kv/storage';

import { floorAt, noteFloor, refusal } from './reply-columns.js';
import { noBytes } from './wire-bytes.js';

/** An answer that is none has no status. */
export function fromReadAnswers(
  answers: ReadAnswers,
  {
    count,
    wantValue,
    header,
  }: { readonly count: number; readonly wantValue: Bits; readonly header: ReplyHeader },
): ReadResponse {
  const statuses = Buffer.alloc(count);
  const records: Uint8Array[] = [];
  const heads = Buffer.allocUnsafe(count * recordHeadBytes);
  let headsEnd = 0;
  const refusals: string[] = [];
  const purgeFloors: number[] = [];
  for (let index = 0; index < count; index += 1) {
    const record = answers.recordAt(index);
    if (record !== undefined && bitAt(wantValue, index)) {
      statuses[index] = ReadStatus.FOUND;
      records.push(record.bytes);
    } else if (record !== undefined) {
      statuses[index] = ReadStatus.HEAD;
      copyHead(record, heads, headsEnd);
      headsEnd += recordHeadBytes;
    } else {
      const reply = answers.answerAt(index);
      if (reply.kind === 'unreachable') continue;
      statuses[index] = statusOf[reply.kind];
      if (reply.kind === 'refused') refusals.push(reply.code);
      else if (reply.kind === 'head') {
        heads.set(reply.head.bytes, headsEnd);
        headsEnd += recordHeadBytes;
      }
      noteFloor(purgeFloors, { index, count, purgeFloor: reply.purgeFloor });
    }
  }
  return {
    header,
    statuses,
    records: records.length === 0 ? noBytes : Buffer.concat(records),
    heads: heads.subarray(0, headsEnd),
    refusals,
    purgeFloors,
  };
}

/** Answers that cannot be read are none. */
export function toReadAnswers(response: ReadResponse, facts: Omit<ReplyFacts, 'purgeFloor'>): ReadAnswers {
  return new RemoteReadAnswers(response, facts);
}

class RemoteReadAnswers implements ReadAnswers {
  readonly isNone = false;
  readonly incarnations: ReplyFacts['incarnations'];
  readonly #response: ReadResponse;
  readonly #facts: Omit<ReplyFacts, 'purgeFloor'>;
  /** Where the head of each operation begins, if it has one. */
  readonly #headAt: Int32Array;
  /** Made of the columns once somebody asks for more than heads. */
  #replies: readonly (ReadReply | HeadReply | undefined)[] | undefined;

  constructor(response: ReadResponse, facts: Omit<ReplyFacts, 'purgeFloor'>) {
    this.incarnations = facts.incarnations;
    this.#response = response;
    this.#facts = facts;
    this.#headAt = headOffsets(response.statuses);
  }

  isAbsent(index: number): boolean {
    return this.#response.statuses[index] === ReadStatus.ABSENT;
  }

  recordAt(index: number): RecordView | undefined {
    const reply = this.answerAt(index);
    return reply.kind === 'found' ? reply.record : undefined;
  }

  timestampAt(index: number): Timestamp | undefined {
    const { statuses, heads, purgeFloors } = this.#response;
    // What was purged has a say, which is for whoever reads single answers.
    if (purgeFloors.length > 0) return undefined;
    if (statuses[index] === ReadStatus.ABSENT) return zeroTimestamp;
    if (statuses[index] !== ReadStatus.HEAD) return this.recordAt(index)?.version.timestamp;
    const start = this.#headAt[index]!;
    if (start + recordHeadBytes > heads.length) return undefined;
    const timestamp = headTimestamp(heads, start);
    return isTimestamp(timestamp) ? timestamp : undefined;
  }

  shows(index: number, record: RecordView): boolean {
    const { statuses, heads } = this.#response;
    if (statuses[index] === ReadStatus.HEAD) return headMatches(record, heads, this.#headAt[index]!);
    const whole = this.recordAt(index);
    return whole !== undefined && headMatches(record, whole.bytes, 0);
  }

  answerAt(index: number): ReadAnswer | HeadAnswer {
    this.#replies ??= this.#read();
    return this.#replies[index] ?? perhapsSent;
  }

  /** Columns that do not fit each other tell nothing. */
  #read(): readonly (ReadReply | HeadReply | undefined)[] {
    try {
      return new ReadResponseReader(this.#response, this.#facts).read();
    } catch {
      return [];
    }
  }
}

function headOffsets(statuses: Uint8Array): Int32Array {
  const offsets = new Int32Array(statuses.length);
  let end = 0;
  for (let index = 0; index < statuses.length; index += 1) {
    offsets[index] = end;
    if (statuses[index] === ReadStatus.HEAD) end += recordHeadBytes;
  }
  return offsets;
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
