import {
  type BatchHeader,
  batchHeaderBytes,
  type FileHeader,
  fileHeaderBytes,
  readBatchHeader,
  readFileHeader,
} from '../log/batch-frame.js';
import type { ReadableFile } from '../ports.js';

/** Read ahead, so that a log of small batches is not read in small pieces. */
const windowBytes = 1024 * 1024;

export interface SegmentEnd {
  /** Undefined if damaged. */
  readonly header: FileHeader | undefined;
  /** Up to here the file is whole batches. */
  readonly wholeBytes: number;
  readonly fileBytes: number;
  readonly batches: number;
  /** How many records the last whole batch has; undefined without a batch. */
  readonly lastBatchRecords: number | undefined;
  /** The sequence that the next batch must have. */
  readonly nextBatch: number;
  readonly end:
    | { readonly kind: 'complete' }
    /** It ends within a batch, or within a batch's header: that batch was never synced. */
    | { readonly kind: 'short' }
    | { readonly kind: 'damaged'; readonly reason: string };
}

/**
 * Reads a log file or snapshot from its start, batch by batch, for as far as its headers can be trusted. Records are
 * not looked at. `payload` is only valid during the call.
 */
export async function readSegment(
  file: ReadableFile,
  onBatch: (batch: BatchHeader, payload: Uint8Array) => void,
): Promise<SegmentEnd> {
  const fileBytes = await file.size();
  const window = new FileWindow(file, fileBytes);
  const header =
    fileBytes < fileHeaderBytes ? undefined : readFileHeader(await window.take(0, fileHeaderBytes));
  let position = fileHeaderBytes;
  let batches = 0;
  let lastBatchRecords: number | undefined;
  let nextBatch = header?.firstBatch ?? 0;
  const ended = (end: SegmentEnd['end'], wholeBytes = position): SegmentEnd => ({
    header,
    wholeBytes,
    fileBytes,
    batches,
    lastBatchRecords,
    nextBatch,
    end,
  });
  // The header was synced before the file got its name, so no crash explains a bad one.
  if (header === undefined) return ended({ kind: 'damaged', reason: 'its header is damaged' }, 0);
  while (position < fileBytes) {
    if (fileBytes - position < batchHeaderBytes) return ended({ kind: 'short' });
    const batch = readBatchHeader(await window.take(position, batchHeaderBytes));
    if (batch === undefined)
      return ended({ kind: 'damaged', reason: `batch header at byte ${position} is damaged` });
    if (batch.sequence !== nextBatch) {
      const reason = `batch ${batch.sequence} at byte ${position} stands where ${nextBatch} belongs`;
      return ended({ kind: 'damaged', reason });
    }
    const start = position + batchHeaderBytes;
    if (fileBytes - start < batch.payloadBytes) return ended({ kind: 'short' });
    onBatch(batch, await window.take(start, batch.payloadBytes));
    position = start + batch.payloadBytes;
    batches += 1;
    lastBatchRecords = batch.records;
    nextBatch += 1;
  }
  return ended({ kind: 'complete' });
}

/** Part of a file in memory. */
class FileWindow {
  readonly #file: ReadableFile;
  readonly #fileBytes: number;
  #start = 0;
  #bytes = new Uint8Array(0);

  constructor(file: ReadableFile, fileBytes: number) {
    this.#file = file;
    this.#fileBytes = fileBytes;
  }

  /** The file's bytes `[position, position + length)`, which must exist. */
  async take(position: number, length: number): Promise<Uint8Array> {
    if (position < this.#start || position + length > this.#start + this.#bytes.length) {
      const bytes = new Uint8Array(Math.min(Math.max(length, windowBytes), this.#fileBytes - position));
      await readFully(this.#file, bytes, position);
      this.#start = position;
      this.#bytes = bytes;
    }
    const offset = position - this.#start;
    return this.#bytes.subarray(offset, offset + length);
  }
}

/** @throws if the file ends before `into` is full */
export async function readFully(file: ReadableFile, into: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < into.length;) {
    const count = await file.read(into.subarray(done), position + done);
    if (count === 0) throw new Error('the file ended before its size');
    done += count;
  }
}
