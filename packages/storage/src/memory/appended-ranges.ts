import type { LogPosition } from '../engine/engine.js';
import { batchContinuesFlag } from '../record/record-layout.js';
import type { AppendedBatch } from './record-memory.js';
import { flagsAt, lengthAt } from './record-words.js';
import type { Segment } from './segment.js';

/** What was appended and not yet taken for the log, in order. Records that come one after the other cost nothing here. */
export class AppendedRanges {
  readonly #closed: Range[] = [];
  #open: Range | undefined;
  /** In words. */
  #taken = 0;

  get taken(): LogPosition {
    return this.#taken as LogPosition;
  }

  /** From here on, records are appended to this segment, at its end. */
  begin(segment: Segment): void {
    this.#close();
    this.#open = { segment, start: segment.usedBytes, end: segment.usedBytes };
  }

  take(bytesMax: number): AppendedBatch {
    this.#close();
    const ranges: Uint8Array[] = [];
    let bytes = 0;
    let records = 0;
    // Whether a batch may end here: behind a record that the next one does not belong to.
    let whole = true;
    while (this.#closed.length > 0 && !(whole && bytes >= bytesMax && bytes > 0)) {
      const range = this.#closed[0]!;
      const { words } = range.segment;
      let offset = range.start;
      while (offset < range.end && !(whole && bytes >= bytesMax && bytes > 0)) {
        const length = lengthAt(words, offset >>> 2);
        whole = (flagsAt(words, offset >>> 2) & batchContinuesFlag) === 0;
        offset += length;
        bytes += length;
        records += 1;
      }
      ranges.push(range.segment.bytes.subarray(range.start, offset));
      range.start = offset;
      if (offset === range.end) this.#closed.shift();
    }
    this.#taken += bytes / 8;
    return { ranges, bytes, records, position: this.taken };
  }

  /** The open range goes on behind what is closed. */
  #close(): void {
    const open = this.#open;
    if (open === undefined) return;
    const end = open.segment.usedBytes;
    if (end > open.start) this.#closed.push({ segment: open.segment, start: open.start, end });
    open.start = end;
  }
}

interface Range {
  readonly segment: Segment;
  start: number;
  readonly end: number;
}
