/** Pages and digests, between the domain's words and the wire's. The two directions stand beside each other. */
import { KvError } from '@kv/errors';
import type { DigestResponse, ReplyHeader, ScanPartitionResponse } from '@kv/proto/internal';
import type { DigestReply, PartitionDigest, ReplyFacts, ScanReply } from '@kv/replication';
import { readRecords } from '@kv/storage';

import { checkedTimestamp } from './message-header.js';
import { refusal } from './reply-columns.js';
import { noBytes } from './wire-bytes.js';

type MessageFacts = Omit<ReplyFacts, 'purgeFloor'>;

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
  const bytes = Buffer.allocUnsafe(words.length * 4);
  for (let index = 0; index < words.length; index += 1) bytes.writeUInt32LE(words[index]!, index * 4);
  return bytes;
}

function toWords(bytes: Buffer): Uint32Array {
  const words = new Uint32Array(bytes.length >>> 2);
  for (let index = 0; index < words.length; index += 1) words[index] = bytes.readUInt32LE(index * 4);
  return words;
}
