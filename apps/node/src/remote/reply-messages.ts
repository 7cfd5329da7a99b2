/** What replicas answer, between the domain's words and the wire's. The two directions stand beside each other. */
import { isErrorCode, KvError } from '@kv/errors';
import { zeroTimestamp } from '@kv/hlc';
import {
  type DigestResponse,
  type ReadResult,
  type ReplyHeader,
  type ScanPartitionResponse,
  type WriteResult,
  WriteStatus,
} from '@kv/proto/internal';
import type {
  DigestReply,
  PartitionDigest,
  ReadReply,
  Refusal,
  ReplyFacts,
  ScanReply,
  WriteReply,
} from '@kv/replication';
import { readRecord, readRecords } from '@kv/storage';

import { checkedTimestamp } from './message-header.js';
import { asBuffer, noBytes } from './wire-bytes.js';

type MessageFacts = Omit<ReplyFacts, 'purgeFloor'>;

const emptyWriteResult: WriteResult = {
  status: WriteStatus.UNSPECIFIED,
  previous: noBytes,
  newerTimestamp: 0,
  newerNode: 0,
  purgeFloor: 0,
  refusal: '',
};

/** No status: the write was begun, and whether it will be durable is not known. */
export const unknownWriteResult: WriteResult = emptyWriteResult;

export function fromWriteReply(reply: WriteReply): WriteResult {
  const result = { ...emptyWriteResult, purgeFloor: reply.purgeFloor };
  switch (reply.kind) {
    case 'stored':
      return { ...result, status: WriteStatus.STORED, previous: recordBytes(reply.previous) };
    case 'already':
      return { ...result, status: WriteStatus.ALREADY };
    case 'newer':
      return {
        ...result,
        status: WriteStatus.NEWER,
        previous: recordBytes(reply.previous),
        newerTimestamp: reply.version.timestamp,
        newerNode: reply.version.node,
      };
    case 'below-floor':
      return { ...result, status: WriteStatus.BELOW_FLOOR };
    case 'abstained':
      return { ...result, status: WriteStatus.ABSTAINED };
    case 'refused':
      return { ...result, status: WriteStatus.REFUSED, refusal: reply.code };
  }
}

export function toWriteReply(result: WriteResult, message: MessageFacts): WriteReply | undefined {
  const facts = { ...message, purgeFloor: checkedTimestamp(result.purgeFloor) };
  const previous = result.previous.length === 0 ? undefined : readRecord(result.previous);
  switch (result.status) {
    case WriteStatus.STORED:
      return { ...facts, kind: 'stored', previous };
    case WriteStatus.ALREADY:
      return { ...facts, kind: 'already' };
    case WriteStatus.NEWER: {
      const version = { timestamp: checkedTimestamp(result.newerTimestamp), node: result.newerNode };
      return { ...facts, kind: 'newer', version, previous };
    }
    case WriteStatus.BELOW_FLOOR:
      return { ...facts, kind: 'below-floor' };
    case WriteStatus.ABSTAINED:
      return { ...facts, kind: 'abstained' };
    case WriteStatus.REFUSED:
      return { ...facts, ...refusal(result.refusal) };
    default:
      return undefined;
  }
}

export function fromReadReply(reply: ReadReply): ReadResult {
  const result = { record: noBytes, purgeFloor: reply.purgeFloor, refusal: '' };
  switch (reply.kind) {
    case 'found':
      return { ...result, record: recordBytes(reply.record) };
    case 'absent':
      return result;
    case 'refused':
      return { ...result, refusal: reply.code };
  }
}

/** For a read that failed in a way its replica has no word for. */
export function refusedRead(code: string): ReadResult {
  return { record: noBytes, purgeFloor: zeroTimestamp, refusal: code };
}

export function toReadReply(result: ReadResult, message: MessageFacts): ReadReply {
  const facts = { ...message, purgeFloor: checkedTimestamp(result.purgeFloor) };
  if (result.refusal !== '') return { ...facts, ...refusal(result.refusal) };
  if (result.record.length === 0) return { ...facts, kind: 'absent' };
  return { ...facts, kind: 'found', record: readRecord(result.record) };
}

export function fromScanReply(reply: ScanReply, header: ReplyHeader): ScanPartitionResponse {
  const { purgeFloor } = reply;
  switch (reply.kind) {
    case 'page': {
      const records = Buffer.concat(reply.records.map(({ bytes }) => bytes));
      return { header, records, more: reply.more, purgeFloor, refusal: '', suspect: reply.suspect ?? false };
    }
    case 'refused':
      return { header, records: noBytes, more: false, purgeFloor, refusal: reply.code, suspect: false };
  }
}

export function toScanReply(response: ScanPartitionResponse, message: MessageFacts): ScanReply {
  const facts = { ...message, purgeFloor: checkedTimestamp(response.purgeFloor) };
  if (response.refusal !== '') return { ...facts, ...refusal(response.refusal) };
  const { more, suspect } = response;
  return { ...facts, kind: 'page', records: readRecords(response.records), more, suspect };
}

export function fromDigestReply(reply: DigestReply, header: ReplyHeader): DigestResponse {
  const { purgeFloor } = reply;
  if (reply.kind === 'refused') {
    throw new KvError(reply.code, 'no digests', { outcome: 'not-applied' });
  }
  const digests = reply.digests.map((digest) =>
    digest.kind === 'refused'
      ? { words: noBytes, suspect: false, purgeFloor, refusal: digest.code }
      : { words: wordBytes(digest.words), suspect: digest.suspect, purgeFloor, refusal: '' },
  );
  return { header, digests };
}

export function toDigestReply(response: DigestResponse, message: MessageFacts): DigestReply {
  const digests = response.digests.map((digest): PartitionDigest => {
    if (digest.refusal !== '') return refusal(digest.refusal);
    return { kind: 'digest', words: toWords(digest.words), suspect: digest.suspect };
  });
  const purgeFloor = checkedTimestamp(response.digests[0]?.purgeFloor ?? 0);
  return { ...message, purgeFloor, kind: 'digests', digests };
}

function wordBytes(words: Uint32Array): Buffer {
  const bytes = Buffer.alloc(words.length * 4);
  for (const [index, word] of words.entries()) bytes.writeUInt32LE(word, index * 4);
  return bytes;
}

function toWords(bytes: Buffer): Uint32Array {
  return Uint32Array.from({ length: bytes.length >>> 2 }, (_, index) => bytes.readUInt32LE(index * 4));
}

function recordBytes(record: { readonly bytes: Uint8Array } | undefined): Buffer {
  return record === undefined ? noBytes : asBuffer(record.bytes);
}

/** A code that this version does not know still is a definite refusal. */
function refusal(code: string): Refusal {
  return { kind: 'refused', code: isErrorCode(code) ? code : 'internal' };
}
