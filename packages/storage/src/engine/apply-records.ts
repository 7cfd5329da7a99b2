import { KvError } from '@kv/errors';

import type { Admission } from './admission.js';
import { ResultColumns } from './apply-results.js';
import type { ApplyOptions, ApplyResults, RecordGate, RefusalCode } from './engine.js';
import { FactsCursor } from './facts-cursor.js';
import { atomicBatchBytesMax, stagedBytesMax } from '../limits.js';
import { lengthAt } from '../memory/record-words.js';
import { type Segment, wordOf } from '../memory/segment.js';
import type { SegmentedMemory } from '../memory/segmented-memory.js';
import type { Logger } from '../ports.js';
import { compareRecords, partitionOfHash, readRecords, type RecordView } from '../record/record.js';

export interface ApplyParts {
  readonly memory: SegmentedMemory;
  readonly admission: Admission;
  readonly refused: ReadonlySet<number>;
  readonly logger: Logger | undefined;
}

/**
 * Takes records in, newest version wins, and says of each what became of it.
 *
 * Bytes as they were received are copied to where they are to lie, verified there, and then decided upon one by one: what
 * is new stays, what is not is written over by the next. Views, and what is longer than fits, go one record at a time.
 */
export class RecordApplier {
  readonly #parts: ApplyParts;
  readonly #facts = new FactsCursor();

  constructor(parts: ApplyParts) {
    this.#parts = parts;
  }

  apply(input: Uint8Array | readonly RecordView[], options: ApplyOptions = noOptions): ApplyResults {
    if (input instanceof Uint8Array && input.length <= stagedBytesMax)
      return this.#applyBytes(input, options);
    const { gate } = options;
    const records = input instanceof Uint8Array ? readRecords(input) : input;
    const groups = gate === undefined ? groupsOf(records) : records.map((record) => [record]);
    for (const group of groups) refuseTooLong(bytesOf(group));
    const results = new ResultColumns(records.length, options);
    for (const group of groups) this.#applyGroup(group, gate, results);
    return results;
  }

  #applyBytes(input: Uint8Array, options: ApplyOptions): ApplyResults {
    const { memory, admission } = this.#parts;
    // Else by views: a refusal of some must not be one of all.
    const roomy = this.#parts.refused.size === 0 && admission.stateRefusal() === undefined;
    if (!roomy || !admission.isRoomyFor(input.length)) return this.apply(readRecords(input.slice()), options);
    const { segment, start, end, records } = memory.stage(input);
    const results = new ResultColumns(records, options);
    const { gate } = options;
    let fetched = start;
    for (let offset = start; offset < end;) {
      if (offset >= fetched) fetched = memory.ahead.forRecords(segment.words, offset, end);
      const next = offset + lengthAt(segment.words, offset >>> 2);
      const code = gate?.(this.#facts.of(segment.words, offset >>> 2));
      if (code === undefined) this.#offer(segment, offset, results);
      else results.refuse(code);
      offset = next;
    }
    return results;
  }

  #applyGroup(group: readonly RecordView[], gate: RecordGate | undefined, results: ResultColumns): void {
    const refusal = this.#refusalOf(group);
    for (const record of group) {
      if (refusal !== undefined) {
        results.refuse(refusal);
        continue;
      }
      const { segment, start } = this.#parts.memory.stageVerified(record);
      const code = gate?.(this.#facts.of(segment.words, start >>> 2));
      if (code === undefined) this.#offer(segment, start, results);
      else results.refuse(code);
    }
  }

  #offer(segment: Segment, offset: number, results: ResultColumns): void {
    const { memory } = this.#parts;
    const length = lengthAt(segment.words, offset >>> 2);
    const { offer, present, twin } = memory.offer(segment, offset);
    if (twin) this.#tellOfTwin(present);
    const position = offer === 'stored' ? memory.appended - (length >>> 3) + 1 : memory.positionAt(present);
    const before = present === 0 ? undefined : memory.segmentAt(present);
    results.add(offer, position, before, wordOf(present) << 2);
  }

  #tellOfTwin(location: number): void {
    const { memory, logger } = this.#parts;
    const { version, keyHash } = memory.viewAt(location);
    logger?.error(
      { version, partition: partitionOfHash(keyHash, memory.partitions) },
      'two different records have the same version: a data directory was copied, or its node number given twice',
    );
  }

  /** Decides for a whole atomic batch before any of it is applied. */
  #refusalOf(group: readonly RecordView[]): RefusalCode | undefined {
    const { memory, admission, refused } = this.#parts;
    const state = admission.stateRefusal();
    if (state === 'closed' || state === 'internal') return state;
    for (const { keyHash } of group) {
      if (refused.has(partitionOfHash(keyHash, memory.partitions))) return 'corrupt';
    }
    if (state !== undefined) return state;
    // Deletes must get through: they are how memory is freed.
    if (group.every(({ tombstone }) => tombstone)) return undefined;
    if (admission.isRoomyFor(bytesOf(group))) return undefined;
    const { bytes, growth } = this.#needsOf(group);
    return bytes === 0 || admission.fits(bytes, growth) ? undefined : 'memory-full';
  }

  /** What is here already, or older than what is, needs no room. */
  #needsOf(group: readonly RecordView[]): { readonly bytes: number; readonly growth: number } {
    const { memory } = this.#parts;
    let bytes = 0;
    let growth = 0;
    for (const record of group) {
      const location = memory.find(record.key);
      const present = location === 0 ? undefined : memory.viewAt(location);
      if (present !== undefined && compareRecords(record, present) <= 0) continue;
      bytes += record.bytes.length;
      growth += record.bytes.length - (present?.bytes.length ?? 0);
    }
    return { bytes, growth };
  }
}

const noOptions: ApplyOptions = {};

/** Records that are accepted or refused together. */
function groupsOf(records: readonly RecordView[]): (readonly RecordView[])[] {
  const groups: (readonly RecordView[])[] = [];
  for (let start = 0; start < records.length;) {
    let end = start + 1;
    while (end < records.length && records[end - 1]!.batchContinues) end += 1;
    groups.push(records.slice(start, end));
    start = end;
  }
  return groups;
}

function bytesOf(group: readonly RecordView[]): number {
  return group.reduce((sum, { bytes }) => sum + bytes.length, 0);
}

/** @throws KvError `invalid-argument` above what the log can write in one piece */
export function refuseTooLong(batchBytes: number): void {
  if (batchBytes <= atomicBatchBytesMax) return;
  throw new KvError(
    'invalid-argument',
    `an atomic batch of ${batchBytes} bytes exceeds ${atomicBatchBytesMax}`,
    {
      outcome: 'not-applied',
    },
  );
}
