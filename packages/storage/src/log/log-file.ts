import type { Timestamp } from '@kv/hlc';

import { encodeBatch, encodeFileHeader } from './batch-frame.js';
import { logName } from '../recovery/file-names.js';
import type { FileSystem, WritableFile } from '../ports.js';
import { createWhole, writeFully } from './write-file.js';

/** What is the same for every log file of a directory. */
export interface LogFilePlace {
  readonly fileSystem: FileSystem;
  readonly directory: string;
  readonly partitions: number;
}

export interface Batch {
  readonly records: readonly Uint8Array[];
  readonly ceiling: Timestamp;
}

/** One log file, being written by this run. After an error it must not be used again, except to be closed. */
export class LogFile {
  readonly sequence: number;
  readonly firstBatch: number;
  readonly #file: WritableFile;
  #bytes: number;
  #nextBatch: number;
  #dirty = false;

  private constructor(
    file: WritableFile,
    sequence: number,
    firstBatch: number,
    bytes: number,
    nextBatch: number,
  ) {
    this.#file = file;
    this.sequence = sequence;
    this.firstBatch = firstBatch;
    this.#bytes = bytes;
    this.#nextBatch = nextBatch;
  }

  /** Creates the file with these batches in it; it is durable, name and all, when this resolves. */
  static async create(
    place: LogFilePlace,
    { sequence, firstBatch }: { readonly sequence: number; readonly firstBatch: number },
    batches: readonly Batch[] = [],
  ): Promise<LogFile> {
    const { fileSystem, directory, partitions } = place;
    const { result } = await createWhole(
      fileSystem,
      { directory, name: logName(sequence) },
      async (created) => {
        const header = encodeFileHeader({ kind: 'log', partitions, sequence, firstBatch });
        await writeFully(created, header, 0);
        const log = new LogFile(created, sequence, firstBatch, header.length, firstBatch);
        for (const batch of batches) await log.write(batch);
        await log.#file.sync();
        log.#dirty = false;
        return log;
      },
    );
    return result;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get nextBatch(): number {
    return this.#nextBatch;
  }

  /** Something was written since the last sync. */
  get dirty(): boolean {
    return this.#dirty;
  }

  async write({ records, ceiling }: Batch): Promise<void> {
    const frame = encodeBatch({ sequence: this.#nextBatch, ceiling }, records);
    this.#dirty = true;
    await writeFully(this.#file, frame, this.#bytes);
    this.#bytes += frame.length;
    this.#nextBatch += 1;
  }

  async sync(): Promise<void> {
    await this.#file.sync();
    this.#dirty = false;
  }

  close(): Promise<void> {
    return this.#file.close();
  }
}
