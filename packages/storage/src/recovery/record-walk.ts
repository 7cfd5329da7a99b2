import { type BatchHeader, batchHeaderBytes } from '../log/frame.js';
import { hashSliceBytes } from '../memory/record-words.js';
import type { RecoverySegment } from '../memory/record-memory.js';
import type { Timers } from '../ports.js';
import { batchContinuesFlag, fixedBytes, flagsOffset, totalLengthOffset } from '../record/record-layout.js';
import { readU32 } from '../record/little-endian.js';
import type { FileReader, ReaderMemory } from './file-reader.js';
import type { FileVisitor } from './file-visitor.js';
import { salvage } from './salvage.js';

/**
 * Work between two turns of the event loop: bytes verified, and for each record the cost of so many. A quarter of a
 * millisecond, as the first slices of a process are of code that is not compiled yet, and take ten times as long.
 */
const sliceBytes = 512 * 1024;
const recordCostBytes = 512;

/** Salvaged records are copied into segments of at most so many bytes. */
const salvageBytesMax = 4 * 1024 * 1024;

/** One step of tidying up, at most so many bytes. A log may be mostly of what it superseded itself. @returns whether there was any */
export type Tidy = (bytesMax: number) => boolean;

/** Tidied up for each byte that was read, if need be: so that what is superseded does not gather. */
const tidiedPerByte = 2;
const tidySliceBytes = 1024 * 1024;

export interface WalkPorts {
  readonly memory: ReaderMemory;
  readonly timers: Pick<Timers, 'nextTurn'>;
  readonly tidy?: Tidy | undefined;
}

/** How far a batch has been read. Positions are the file's. */
export interface BatchReading {
  readonly batch: BatchHeader;
  readonly partitions: number;
  readonly start: number;
  readonly end: number;
  position: number;
  records: number;
  /** Where the atomic batch that is being read began, and how many records there were before it. */
  from: number;
  before: number;
}

/** Reads the records of batches, in slices between which others have their turn; of damaged ones, what can be had. */
export class RecordWalk {
  readonly #reader: FileReader;
  readonly #memory: ReaderMemory;
  readonly #timers: Pick<Timers, 'nextTurn'>;
  readonly #tidy: Tidy | undefined;
  #budget = sliceBytes;
  /** Bytes that are to be tidied up. */
  #untidied = 0;

  constructor(reader: FileReader, { memory, timers, tidy }: WalkPorts) {
    this.#reader = reader;
    this.#memory = memory;
    this.#timers = timers;
    this.#tidy = tidy;
  }

  begin(
    batch: BatchHeader,
    { start, partitions }: { readonly start: number; readonly partitions: number },
  ): BatchReading {
    const end = start + batch.payloadBytes;
    return { batch, partitions, start, end, position: start, records: 0, from: start, before: 0 };
  }

  /**
   * Reads on for as long as records are loaded, intact and short, and the slice is not over.
   *
   * @returns whether the batch is done
   */
  readLoaded(reading: BatchReading, visitor: FileVisitor): boolean {
    const { segment, base, end: loaded } = this.#reader;
    const limit = Math.min(reading.end, loaded) - base;
    let told = 0;
    while (reading.position < reading.end) {
      const offset = reading.position - base;
      if (offset >= limit || this.#budget <= 0) return false;
      if (readU32(segment.bytes, offset + totalLengthOffset) > hashSliceBytes) return false;
      if (offset >= told && visitor.ahead !== undefined) told = visitor.ahead(segment, offset, limit);
      const length = segment.verify(offset, limit);
      if (length === 0) return false;
      this.#take(reading, length, visitor);
    }
    const { batch, records } = reading;
    if (records !== batch.records) miscounted(reading, records, visitor);
    return true;
  }

  /** Reads on to the end of the batch. */
  async readRest(reading: BatchReading, visitor: FileVisitor): Promise<void> {
    const reader = this.#reader;
    do {
      if (this.#budget <= 0) {
        await this.#nextTurn();
        continue;
      }
      const needed = this.#bytesOfRecord(reading);
      if (needed !== undefined && !reader.has(reading.position, needed)) {
        await reader.need(reading.position, needed);
        continue;
      }
      const length = needed === undefined || needed <= hashSliceBytes ? 0 : await this.#verifyLong(reading);
      if (length === 0) {
        await this.#salvage(reading, { mended: false }, visitor);
        return;
      }
      this.#take(reading, length, visitor);
    } while (!this.readLoaded(reading, visitor));
  }

  /** Of a batch whose header was damaged, too. */
  salvageWhole(reading: BatchReading, visitor: FileVisitor): Promise<void> {
    return this.#salvage(reading, { mended: true }, visitor);
  }

  #take(reading: BatchReading, length: number, visitor: FileVisitor): void {
    const { segment, base } = this.#reader;
    const offset = reading.position - base;
    visitor.record(segment, offset, length);
    this.#budget -= length + recordCostBytes;
    this.#untidied += length * tidiedPerByte;
    reading.records += 1;
    reading.position += length;
    if ((segment.bytes[offset + flagsOffset]! & batchContinuesFlag) !== 0) return;
    reading.from = reading.position;
    reading.before = reading.records;
  }

  /** @returns undefined if no record can begin so */
  #bytesOfRecord({ position, end }: BatchReading): number | undefined {
    const { segment, base } = this.#reader;
    const left = end - position;
    if (left < fixedBytes) return undefined;
    if (!this.#reader.has(position, fixedBytes)) return fixedBytes;
    const claimed = readU32(segment.bytes, position - base + totalLengthOffset);
    return claimed < fixedBytes || claimed > left ? undefined : claimed;
  }

  /** @returns the length of the loaded record, 0 if it is not intact */
  async #verifyLong({ position, end }: BatchReading): Promise<number> {
    const { segment, base, end: loaded } = this.#reader;
    return this.#inTurns(segment.verifyInSlices(position - base, Math.min(end, loaded) - base));
  }

  /** What can be had of a damaged batch, from the atomic batch on that is being read. */
  async #salvage(
    reading: BatchReading,
    { mended }: { readonly mended: boolean },
    visitor: FileVisitor,
  ): Promise<void> {
    const { batch, partitions, start, from, before, end } = reading;
    const bytes = await this.#reader.copy(from, end - from);
    const found = await this.#inTurns(salvage(bytes, { partitions }));
    await this.#giveCopies(bytes, found.intact, visitor);
    const lost = new Set(found.damaged);
    if (mended) for (const partition of found.met) lost.add(partition);
    const position = start - batchHeaderBytes;
    if (found.unattributed) {
      const reason = `records of batch ${batch.sequence} cannot be told`;
      visitor.damage({ batch: batch.sequence, position, partitions: undefined, reason });
    } else if (before + found.records !== batch.records) {
      miscounted(reading, before + found.records, visitor);
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
  }

  async #giveCopies(bytes: Uint8Array, intact: readonly number[], visitor: FileVisitor): Promise<void> {
    for (let first = 0; first < intact.length;) {
      let next = first;
      let total = 0;
      do {
        total += intact[next + 1]!;
        next += 2;
      } while (next < intact.length && total + intact[next + 1]! <= salvageBytesMax);
      const segment = this.#memory.reserve(total);
      this.#give(segment, { bytes, intact: intact.slice(first, next) }, visitor);
      this.#memory.seal(segment);
      first = next;
      await this.#afterSlice(total);
    }
  }

  #give(
    segment: RecoverySegment,
    { bytes, intact }: { readonly bytes: Uint8Array; readonly intact: readonly number[] },
    visitor: FileVisitor,
  ): void {
    let into = 0;
    for (let index = 0; index < intact.length; index += 2) {
      const [offset, length] = [intact[index]!, intact[index + 1]!];
      segment.bytes.set(bytes.subarray(offset, offset + length), into);
      visitor.record(segment, into, length);
      into += length;
    }
  }

  async #afterSlice(bytes: number): Promise<void> {
    this.#budget -= bytes;
    if (this.#budget <= 0) await this.#nextTurn();
  }

  /** Others have their turn between two steps. */
  async #inTurns<Result>(steps: Generator<undefined, Result>): Promise<Result> {
    for (;;) {
      const step = steps.next();
      if (step.done === true) return step.value;
      await this.#nextTurn();
    }
  }

  async #nextTurn(): Promise<void> {
    this.#budget = sliceBytes;
    do {
      await new Promise<void>((resolve) => {
        this.#timers.nextTurn(resolve);
      });
    } while (this.#tidyUp());
  }

  /** @returns whether it took a slice */
  #tidyUp(): boolean {
    if (this.#untidied <= 0) return false;
    const tidied = this.#tidy?.(tidySliceBytes) === true;
    this.#untidied = tidied ? this.#untidied - tidySliceBytes : 0;
    return tidied;
  }
}

function miscounted({ batch, start }: BatchReading, records: number, visitor: FileVisitor): void {
  const reason = `batch ${batch.sequence} has ${records} records instead of ${batch.records}`;
  const position = start - batchHeaderBytes;
  visitor.damage({ batch: batch.sequence, position, partitions: undefined, reason });
}
