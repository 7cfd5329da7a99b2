import {
  type BatchHeader,
  batchHeaderBytes,
  type FileHeader,
  fileHeaderBytes,
  readBatchHeader,
  readFileHeader,
} from '../log/frame.js';
import type { ReadableFile, Timers } from '../ports.js';
import { batchContinuesFlag, fixedBytes, flagsOffset, totalLengthOffset } from '../record/record-layout.js';
import { readU32 } from '../record/little-endian.js';
import { FileReader, type ReaderMemory } from './file-reader.js';
import type { FileVisitor, WalkedFile } from './file-visitor.js';
import { mendBatchHeader, mendFileHeader } from './mend-header.js';
import { salvage } from './salvage.js';

/** Work between two turns of the event loop: bytes verified, and for each record the cost of so many. */
const sliceBytes = 4 * 1024 * 1024;
const recordCostBytes = 512;

/** Salvaged records are copied into segments of at most so many bytes. */
const salvageBytesMax = 4 * 1024 * 1024;

export interface WalkPorts {
  readonly memory: ReaderMemory;
  readonly timers: Pick<Timers, 'nextTurn'>;
}

/** Reads log files and snapshots, batch by batch, for as far as their headers can be trusted. */
export class FileWalk {
  readonly #memory: ReaderMemory;
  readonly #timers: Pick<Timers, 'nextTurn'>;
  readonly #reader: FileReader;
  #budget = sliceBytes;

  constructor({ memory, timers }: WalkPorts) {
    this.#memory = memory;
    this.#timers = timers;
    this.#reader = new FileReader(memory);
  }

  /** Gives the memory back that no file needs any more. */
  finish(): Promise<void> {
    return this.#reader.finish();
  }

  async walk(
    file: ReadableFile,
    { fileBytes, partitions }: { readonly fileBytes: number; readonly partitions: number },
    visitor: FileVisitor,
  ): Promise<WalkedFile> {
    const reader = this.#reader;
    await reader.open(file, fileBytes);
    const header = this.#fileHeader(fileBytes, visitor);
    let position = fileHeaderBytes;
    let batches = 0;
    let last: BatchHeader | undefined;
    const ended = (end: WalkedFile['end'], wholeBytes = position): WalkedFile => {
      return {
        header: typeof header === 'number' ? undefined : header,
        fileBytes,
        wholeBytes,
        batches,
        last,
        end,
      };
    };
    if (typeof header === 'number') return ended({ kind: 'other-format', version: header }, 0);
    // The header was synced before the file got its name, so no crash explains a missing one.
    if (fileBytes < fileHeaderBytes) return ended({ kind: 'damaged', reason: 'its header is cut off' }, 0);
    if (header !== undefined && !visitor.header(header, fileBytes)) {
      return ended({ kind: 'damaged', reason: 'it is another file' }, 0);
    }
    let expected = header?.firstBatch;
    let ahead: BatchHeader | undefined;
    while (position < fileBytes) {
      if (fileBytes - position < batchHeaderBytes) return ended({ kind: 'short' });
      await reader.need(position, batchHeaderBytes);
      const intact = ahead ?? readBatchHeader(reader.segment.bytes, position - reader.base);
      const batch = intact ?? mendBatchHeader(reader.segment.bytes, position - reader.base, expected);
      if (batch === undefined) return ended(damagedAt(position));
      if (expected !== undefined && batch.sequence !== expected) {
        const reason = `batch ${batch.sequence} at byte ${position} stands where ${expected} belongs`;
        return ended({ kind: 'damaged', reason });
      }
      const start = position + batchHeaderBytes;
      const end = start + batch.payloadBytes;
      if (end > fileBytes) return ended(intact === undefined ? damagedAt(position) : { kind: 'short' });
      ahead = await this.#peek(end, fileBytes);
      visitor.batch(batch, { position, next: ahead });
      if (intact === undefined)
        await this.#salvage(batch, { start, from: start, before: 0, mended: true, partitions }, visitor);
      else await this.#records(batch, { start, partitions }, visitor);
      position = end;
      batches += 1;
      last = batch;
      expected = batch.sequence + 1;
    }
    return ended({ kind: 'complete' });
  }

  #fileHeader(fileBytes: number, visitor: FileVisitor): FileHeader | number | undefined {
    if (fileBytes < fileHeaderBytes) return undefined;
    const { segment, base } = this.#reader;
    const header = readFileHeader(segment.bytes, -base);
    if (header !== undefined) return header;
    visitor.damage({ batch: undefined, position: 0, partitions: undefined, reason: 'its header is damaged' });
    return mendFileHeader(segment.bytes, -base);
  }

  /** The header of the batch behind this one, if it is intact and there; it tells whether this one was synced. */
  async #peek(position: number, fileBytes: number): Promise<BatchHeader | undefined> {
    const reader = this.#reader;
    if (fileBytes - position < batchHeaderBytes) return undefined;
    if (reader.has(position, batchHeaderBytes)) {
      return readBatchHeader(reader.segment.bytes, position - reader.base);
    }
    return readBatchHeader(await reader.copy(position, batchHeaderBytes));
  }

  async #records(
    batch: BatchHeader,
    { start, partitions }: { readonly start: number; readonly partitions: number },
    visitor: FileVisitor,
  ): Promise<void> {
    const reader = this.#reader;
    const end = start + batch.payloadBytes;
    let position = start;
    let records = 0;
    // Where the atomic batch that is being read began, and how many records there were before it.
    let from = start;
    let before = 0;
    while (position < end) {
      const { segment, base } = reader;
      const limit = Math.min(end, reader.end) - base;
      let offset = position - base;
      let budget = this.#budget;
      while (offset < limit && budget > 0) {
        const length = segment.verify(offset, limit);
        if (length === 0) break;
        visitor.record(segment, offset, length);
        budget -= length + recordCostBytes;
        records += 1;
        if ((segment.bytes[offset + flagsOffset]! & batchContinuesFlag) === 0) {
          from = base + offset + length;
          before = records;
        }
        offset += length;
      }
      position = base + offset;
      this.#budget = budget;
      if (position === end) break;
      if (this.#budget <= 0) {
        await this.#yield();
        continue;
      }
      const needed = this.#bytesOfRecord(position, end);
      if (needed === undefined || reader.has(position, needed)) {
        await this.#salvage(batch, { start, from, before, mended: false, partitions }, visitor);
        return;
      }
      await reader.need(position, needed);
    }
    if (records !== batch.records) this.#miscounted(batch, { start, records }, visitor);
  }

  /** @returns undefined if no record can begin so */
  #bytesOfRecord(position: number, end: number): number | undefined {
    const { segment, base } = this.#reader;
    const left = end - position;
    if (left < fixedBytes) return undefined;
    if (!this.#reader.has(position, fixedBytes)) return fixedBytes;
    const claimed = readU32(segment.bytes, position - base + totalLengthOffset);
    return claimed < fixedBytes || claimed > left ? undefined : claimed;
  }

  /** What can be had of a damaged batch, from `from` on. */
  async #salvage(
    batch: BatchHeader,
    where: {
      readonly start: number;
      readonly from: number;
      /** Records in front of `from`. */
      readonly before: number;
      /** Its header was damaged, too. */
      readonly mended: boolean;
      readonly partitions: number;
    },
    visitor: FileVisitor,
  ): Promise<void> {
    const { start, from, before, mended, partitions } = where;
    const end = start + batch.payloadBytes;
    const bytes = await this.#reader.copy(from, end - from);
    const found = salvage(bytes, { partitions });
    this.#giveCopies(bytes, found.intact, visitor);
    const lost = new Set(found.damaged);
    if (mended) for (const partition of found.met) lost.add(partition);
    const position = start - batchHeaderBytes;
    if (found.unattributed) {
      const reason = `records of batch ${batch.sequence} cannot be told`;
      visitor.damage({ batch: batch.sequence, position, partitions: undefined, reason });
    } else if (before + found.records !== batch.records) {
      this.#miscounted(batch, { start, records: before + found.records }, visitor);
    } else {
      const what = mended
        ? `the header of batch ${batch.sequence} is damaged, with`
        : `batch ${batch.sequence} lost`;
      const reason = `${what} records of partitions ${[...lost].join(', ')}`;
      // Of a batch without records, who knows what else is wrong.
      visitor.damage({
        batch: batch.sequence,
        position,
        partitions: lost.size === 0 ? undefined : lost,
        reason,
      });
    }
    await this.#yield();
  }

  #giveCopies(bytes: Uint8Array, intact: readonly number[], visitor: FileVisitor): void {
    for (let first = 0; first < intact.length;) {
      let next = first;
      let total = 0;
      do {
        total += intact[next + 1]!;
        next += 2;
      } while (next < intact.length && total + intact[next + 1]! <= salvageBytesMax);
      const segment = this.#memory.reserve(total);
      let into = 0;
      for (let index = first; index < next; index += 2) {
        const [offset, length] = [intact[index]!, intact[index + 1]!];
        segment.bytes.set(bytes.subarray(offset, offset + length), into);
        visitor.record(segment, into, length);
        into += length;
      }
      this.#memory.seal(segment);
      first = next;
    }
  }

  #miscounted(
    batch: BatchHeader,
    { start, records }: { readonly start: number; readonly records: number },
    visitor: FileVisitor,
  ): void {
    const reason = `batch ${batch.sequence} has ${records} records instead of ${batch.records}`;
    const position = start - batchHeaderBytes;
    visitor.damage({ batch: batch.sequence, position, partitions: undefined, reason });
  }

  async #yield(): Promise<void> {
    this.#budget = sliceBytes;
    await new Promise<void>((resolve) => {
      this.#timers.nextTurn(resolve);
    });
  }
}

function damagedAt(position: number): { readonly kind: 'damaged'; readonly reason: string } {
  return { kind: 'damaged', reason: `the batch header at byte ${position} is damaged` };
}
