import {
  type BatchHeader,
  batchHeaderBytes,
  type FileHeader,
  fileHeaderBytes,
  readBatchHeader,
  readFileHeader,
} from '../log/frame.js';
import type { ReadableFile } from '../ports.js';
import { FileReader } from './file-reader.js';
import type { FileVisitor, WalkedFile } from './file-visitor.js';
import { mendBatchHeader, mendFileHeader } from './mend-header.js';
import { RecordWalk, type WalkPorts } from './record-walk.js';

/** Reads log files and snapshots, batch by batch, for as far as their headers can be trusted. */
export class FileWalk {
  readonly #reader: FileReader;
  readonly #records: RecordWalk;

  constructor(ports: WalkPorts) {
    this.#reader = new FileReader(ports.memory);
    this.#records = new RecordWalk(this.#reader, ports);
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
      if (!reader.has(position, batchHeaderBytes)) await reader.need(position, batchHeaderBytes);
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
      // A log may be of very many batches: nothing is awaited where there is nothing to wait for.
      ahead = reader.has(end, batchHeaderBytes)
        ? readBatchHeader(reader.segment.bytes, end - reader.base)
        : await this.#readAhead(end, fileBytes);
      visitor.batch(batch, { position, next: ahead });
      const reading = this.#records.begin(batch, { start, partitions });
      if (intact === undefined) await this.#records.salvageWhole(reading, visitor);
      else if (!this.#records.readLoaded(reading, visitor)) await this.#records.readRest(reading, visitor);
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
    const offset = 0 - base;
    const header = readFileHeader(segment.bytes, offset);
    if (header !== undefined) return header;
    visitor.damage({ batch: undefined, position: 0, partitions: undefined, reason: 'its header is damaged' });
    return mendFileHeader(segment.bytes, offset);
  }

  /** The header of a batch that is not loaded yet, if it is intact and there; it tells whether the one before was synced. */
  async #readAhead(position: number, fileBytes: number): Promise<BatchHeader | undefined> {
    if (fileBytes - position < batchHeaderBytes) return undefined;
    return readBatchHeader(await this.#reader.copy(position, batchHeaderBytes));
  }
}

function damagedAt(position: number): { readonly kind: 'damaged'; readonly reason: string } {
  return { kind: 'damaged', reason: `the batch header at byte ${position} is damaged` };
}
