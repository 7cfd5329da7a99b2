import type { Timestamp } from '@kv/hlc';

import { writtenAtOnceBytesMax } from '../limits.js';
import type { AppendedBatch } from '../memory/record-memory.js';
import type { FileSystem, WritableFile } from '../ports.js';
import { logName } from '../recovery/file-names.js';
import { bytesOfParts } from '../system/parts.js';
import { encodeBatchHeader, encodeFileHeader } from './frame.js';
import { createWhole, writePartsFully, writePartsMax } from './write-file.js';

/** What is the same for every file of a directory. */
export interface FilePlace {
  readonly fileSystem: FileSystem;
  readonly directory: string;
  readonly partitions: number;
}

export interface NewLogFile {
  readonly sequence: number;
  readonly firstBatch: number;
  /** Batches of older files count up to this one. */
  readonly continuesAfter: number;
  /** To begin with. */
  readonly batches: readonly AppendedBatch[];
  readonly ceiling: Timestamp;
}

/** One log file, being written by this run. After an error it must not be used again, except to be closed. */
export class LogWriter {
  readonly sequence: number;
  readonly #file: WritableFile;
  #bytes = 0;
  #nextBatch: number;
  #syncedThrough: number;
  #dirty = false;

  private constructor(file: WritableFile, { sequence, firstBatch, continuesAfter }: NewLogFile) {
    this.#file = file;
    this.sequence = sequence;
    this.#nextBatch = firstBatch;
    this.#syncedThrough = continuesAfter;
  }

  /** Creates the file with these batches in it; it is durable, name and all, when this resolves. */
  static async create(
    { fileSystem, directory, partitions }: FilePlace,
    file: NewLogFile,
  ): Promise<LogWriter> {
    const { sequence, firstBatch, continuesAfter, batches, ceiling } = file;
    const { result } = await createWhole(
      fileSystem,
      { directory, name: logName(sequence) },
      async (created) => {
        const log = new LogWriter(created, file);
        const extent = firstBatch + batches.length - 1;
        const header = {
          kind: 'log',
          partitions,
          sequence,
          firstBatch,
          continuesAfter,
          extent,
        } as const;
        const laid = batches.flatMap((batch, index) => log.#lay(firstBatch + index, batch, ceiling));
        await log.#write([encodeFileHeader(header), ...laid]);
        log.#nextBatch += batches.length;
        await log.sync();
        return log;
      },
    );
    return result;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Sequence of the next batch. */
  get nextBatch(): number {
    return this.#nextBatch;
  }

  /** Batches up to this one are on stable storage. */
  get syncedThrough(): number {
    return this.#syncedThrough;
  }

  /** Something was written since the last sync. */
  get dirty(): boolean {
    return this.#dirty;
  }

  async write(batch: AppendedBatch, ceiling: Timestamp): Promise<void> {
    await this.#write(this.#lay(this.#nextBatch, batch, ceiling));
    this.#nextBatch += 1;
  }

  /** Within the call. False: it is yet to be written, from its beginning. */
  writeAtOnce(batch: AppendedBatch, ceiling: Timestamp): boolean {
    if (batch.bytes > writtenAtOnceBytesMax || batch.ranges.length >= writePartsMax) return false;
    const parts = this.#lay(this.#nextBatch, batch, ceiling);
    this.#dirty = true;
    const bytes = bytesOfParts(parts);
    if (this.#file.writevAtOnce(parts, this.#bytes) !== bytes) return false;
    this.#bytes += bytes;
    this.#nextBatch += 1;
    return true;
  }

  async sync(): Promise<void> {
    const through = this.#nextBatch - 1;
    await this.#file.sync();
    this.#syncedThrough = through;
    this.#dirty = false;
  }

  close(): Promise<void> {
    return this.#file.close();
  }

  /** The batch as it will lie in the file. */
  #lay(sequence: number, { ranges, bytes, records }: AppendedBatch, ceiling: Timestamp): Uint8Array[] {
    const header = encodeBatchHeader({
      sequence,
      ceiling,
      syncedThrough: this.#syncedThrough,
      payloadBytes: bytes,
      records,
    });
    return [header, ...ranges];
  }

  async #write(parts: readonly Uint8Array[]): Promise<void> {
    this.#dirty = true;
    await writePartsFully(this.#file, parts, this.#bytes);
    this.#bytes += bytesOfParts(parts);
  }
}
