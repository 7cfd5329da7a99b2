import type { Timestamp } from '@kv/hlc';

import type { AppendedBatch } from '../memory/record-memory.js';
import type { ManifestFile, Run } from '../recovery/manifest.js';
import { type FilePlace, LogWriter } from './log-writer.js';

export interface LogFilesStart {
  readonly place: FilePlace;
  readonly manifest: ManifestFile;
  /** Noted in the manifest before the first batch is acknowledged. */
  readonly run: Run;
  /** Newest batch of the files that were found. */
  readonly lastBatch: number;
  /** They count up to this one. */
  readonly continuesAfter: number;
  /** Bytes in each of them, by sequence. */
  readonly olderBytes: ReadonlyMap<number, number>;
  /** What has to be durable before anything is written. */
  readonly beforeFirst: () => Promise<void>;
}

/**
 * The files of the log, one after the other. A file is made with its first batch, and only when there is one, so that
 * opening a directory and not writing to it leaves it as it is. It is durable, and named by the manifest, before anything
 * in it is acknowledged.
 */
export class LogFiles {
  readonly #start: LogFilesStart;
  readonly #olderBytes: Map<number, number>;
  #current: LogWriter | undefined;
  #nextSequence: number;
  #lastBatch: number;
  #continuesAfter: number;
  #syncs = 0;
  #bytesWritten = 0;

  constructor(start: LogFilesStart) {
    this.#start = start;
    this.#olderBytes = new Map(start.olderBytes);
    this.#nextSequence = start.manifest.current.logLast + 1;
    this.#lastBatch = start.lastBatch;
    this.#continuesAfter = start.continuesAfter;
  }

  /** There is a file, and it may be written. */
  get open(): boolean {
    return this.#current !== undefined;
  }

  /** Of the newest batch that was written whole. */
  get lastBatch(): number {
    return this.#lastBatch;
  }

  /** Of the file that is yet to be made. */
  get nextSequence(): number {
    return this.#nextSequence;
  }

  get currentBytes(): number {
    return this.#current?.bytes ?? 0;
  }

  /** In all files that no snapshot covers. */
  get bytes(): number {
    let bytes = this.currentBytes;
    for (const older of this.#olderBytes.values()) bytes += older;
    return bytes;
  }

  get bytesWritten(): number {
    return this.#bytesWritten + this.currentBytes;
  }

  get syncs(): number {
    return this.#syncs;
  }

  /** Into the current file, or a new one. After a failure `end` comes before the next try. */
  async write(batches: readonly AppendedBatch[], ceiling: Timestamp): Promise<void> {
    if (this.#current === undefined) {
      await this.#create(batches, ceiling);
      return;
    }
    for (const batch of batches) {
      await this.#current.write(batch, ceiling);
      this.#lastBatch += 1;
    }
  }

  /** Into the current file, within the call. False: it is yet to be written, from its beginning. */
  writeAtOnce(batch: AppendedBatch, ceiling: Timestamp): boolean {
    if (this.#current?.writeAtOnce(batch, ceiling) !== true) return false;
    this.#lastBatch += 1;
    return true;
  }

  async sync(): Promise<void> {
    if (this.#current?.dirty !== true) return;
    this.#syncs += 1;
    await this.#current.sync();
  }

  /** Ends the current file, which must have been synced: what follows goes into a new one. */
  async end(): Promise<void> {
    const file = this.#current;
    if (file === undefined) return;
    this.#current = undefined;
    this.#olderBytes.set(file.sequence, file.bytes);
    this.#bytesWritten += file.bytes;
    this.#nextSequence = file.sequence + 1;
    this.#continuesAfter = this.#lastBatch;
    // It was synced: that the handle does not close cleanly changes nothing.
    await file.close().catch(() => undefined);
  }

  release(below: number): void {
    for (const sequence of this.#olderBytes.keys()) if (sequence < below) this.#olderBytes.delete(sequence);
  }

  async close(): Promise<void> {
    await this.#current?.close().catch(() => undefined);
  }

  async #create(batches: readonly AppendedBatch[], ceiling: Timestamp): Promise<void> {
    const { place, manifest, run, beforeFirst } = this.#start;
    await beforeFirst();
    const sequence = this.#nextSequence;
    const file = await LogWriter.create(place, {
      sequence,
      firstBatch: this.#lastBatch + 1,
      continuesAfter: this.#continuesAfter,
      batches,
      ceiling,
    });
    try {
      await manifest.update({ logLast: sequence, running: run });
    } catch (error) {
      await file.close().catch(() => undefined);
      throw error;
    }
    this.#current = file;
    this.#lastBatch = file.nextBatch - 1;
    this.#syncs += 1;
  }
}
