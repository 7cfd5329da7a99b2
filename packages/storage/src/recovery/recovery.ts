import type { Timestamp } from '@kv/hlc';

import { Damage } from '../engine/damage.js';
import type { LogPosition } from '../engine/engine.js';
import { fileErrorCode } from '../system/file-errors.js';
import { joinPath, logName, snapshotName } from './file-names.js';
import type { Manifest } from './manifest.js';
import type { FileSystem } from '../ports.js';
import { readSegment, type SegmentEnd } from './read-segment.js';
import { compareRecords, copyRecord, type RecordView } from '../record/record.js';
import { keyString, RecordTable } from '../engine/record-table.js';
import { walkBatch } from '../log/walk-batch.js';

export interface Recovered {
  readonly table: RecordTable;
  readonly damage: Damage;
  readonly newestTimestamp: Timestamp;
  readonly ceiling: Timestamp;
  readonly records: number;
  /** Of incomplete last batches. */
  readonly cutBytes: number;
  readonly snapshotBytes: number;
  /** The log files that were there and readable, in order. */
  readonly logs: readonly RecoveredLog[];
  /** Names of files in which damage was found. */
  readonly damagedFiles: ReadonlySet<string>;
  readonly nextBatch: number;
}

export interface RecoveredLog {
  readonly sequence: number;
  readonly end: SegmentEnd;
}

export interface RecoveryTask {
  readonly fileSystem: FileSystem;
  readonly directory: string;
  readonly manifest: Manifest;
}

/**
 * Reads the snapshot and the logs on top of it, in order, and changes nothing on the disk. Only the manifest says which
 * logs count: it names a file before anything in it is acknowledged, so one that it does not name holds nothing that may
 * be missed, be it left by a crash or brought here by somebody.
 *
 * What may be missing without being damage: the end of a log file within its last batch. Such a batch was never synced:
 * batches are written one after the other, each after the sync of the one before. That holds for the newest file (the
 * process died), and for an older one only if the next file begins with that very batch (the disk was full). Everything
 * else that is not as it was written is damage, as it may have been acknowledged.
 */
export async function recover(task: RecoveryTask): Promise<Recovered> {
  const recovery = new Recovery(task);
  await recovery.readSnapshot();
  const { logFirst, logLast } = task.manifest;
  for (let sequence = logFirst; sequence <= logLast; sequence += 1) await recovery.readLog(sequence);
  return recovery.result();
}

class Recovery {
  readonly #task: RecoveryTask;
  readonly #table: RecordTable;
  readonly #damage: Damage;
  readonly #damagedFiles = new Set<string>();
  readonly #logs: RecoveredLog[] = [];
  #newest: Timestamp;
  #ceiling: Timestamp;
  #records = 0;
  #cutBytes = 0;
  #snapshotBytes = 0;
  #nextBatch: number;

  constructor(task: RecoveryTask) {
    const { manifest } = task;
    this.#task = task;
    this.#table = new RecordTable(manifest.partitions);
    this.#damage = new Damage(manifest.partitions);
    this.#newest = manifest.newestTimestamp;
    this.#ceiling = manifest.ceiling;
    this.#nextBatch = manifest.batchFirst;
  }

  async readSnapshot(): Promise<void> {
    const { manifest } = this.#task;
    if (manifest.snapshot === 0) return;
    const name = snapshotName(manifest.snapshot);
    const end = await this.#read(name);
    if (end === undefined) return;
    this.#snapshotBytes = end.fileBytes;
    if (end.end.kind === 'damaged') this.#damageAll(name, end.end.reason);
    else if (!this.#belongs(end, 'snapshot', manifest.snapshot)) this.#damageAll(name, 'it is another file');
    else if (end.end.kind === 'short' || end.lastBatchRecords !== 0)
      this.#damageAll(name, 'its end is missing');
  }

  async readLog(sequence: number): Promise<void> {
    const name = logName(sequence);
    const end = await this.#read(name);
    if (end === undefined) return;
    const { header } = end;
    if (header === undefined || !this.#belongs(end, 'log', sequence)) {
      this.#damageAll(name, 'its header is damaged, or it is another file');
      return;
    }
    if (header.firstBatch !== this.#nextBatch) {
      this.#damageAll(name, `it begins with batch ${header.firstBatch} where ${this.#nextBatch} belongs`);
    }
    this.#nextBatch = end.nextBatch;
    if (end.end.kind === 'damaged') this.#damageAll(name, end.end.reason);
    if (end.end.kind === 'short') this.#cutBytes += end.fileBytes - end.wholeBytes;
    this.#logs.push({ sequence, end });
  }

  result(): Recovered {
    return {
      table: this.#table,
      damage: this.#damage,
      newestTimestamp: this.#newest,
      ceiling: this.#ceiling,
      records: this.#records,
      cutBytes: this.#cutBytes,
      snapshotBytes: this.#snapshotBytes,
      logs: this.#logs,
      damagedFiles: this.#damagedFiles,
      nextBatch: this.#nextBatch,
    };
  }

  async #read(name: string): Promise<SegmentEnd | undefined> {
    const { fileSystem, directory, manifest } = this.#task;
    try {
      const file = await fileSystem.openForRead(joinPath(directory, name));
      try {
        return await readSegment(file, (batch, payload) => {
          const { records } = batch;
          const walked = walkBatch(payload, { records, partitions: manifest.partitions });
          for (const record of walked.records) this.#load(record);
          if (batch.ceiling > this.#ceiling) this.#ceiling = batch.ceiling;
          if (walked.unattributed) this.#damageAll(name, `records of batch ${batch.sequence} cannot be told`);
          else if (walked.damaged.size > 0) this.#damagePartitions(name, walked.damaged, batch.sequence);
        });
      } finally {
        await file.close().catch(() => undefined);
      }
    } catch (error) {
      switch (fileErrorCode(error)) {
        case 'ENOENT':
          this.#damageAll(name, 'it is missing');
          return undefined;
        case 'EIO':
          this.#damageAll(name, 'the disk cannot read it');
          return undefined;
        default:
          throw error;
      }
    }
  }

  #load(record: RecordView): void {
    this.#records += 1;
    const { timestamp } = record.version;
    if (timestamp > this.#newest) this.#newest = timestamp;
    const key = keyString(record.key);
    const present = this.#table.get(record.keyHash, key);
    if (present !== undefined && compareRecords(record, present.record) <= 0) return;
    if (record.tombstone && !this.#task.manifest.retainTombstones) this.#table.delete(record.keyHash, key);
    else this.#table.set(key, { record: copyRecord(record), position: 0 as LogPosition });
  }

  #belongs({ header }: SegmentEnd, kind: 'log' | 'snapshot', sequence: number): boolean {
    return (
      header !== undefined &&
      header.kind === kind &&
      header.sequence === sequence &&
      header.partitions === this.#task.manifest.partitions
    );
  }

  #damageAll(name: string, reason: string): void {
    this.#damagedFiles.add(name);
    this.#damage.addAll(`${name}: ${reason}`);
  }

  #damagePartitions(name: string, partitions: ReadonlySet<number>, batch: number): void {
    this.#damagedFiles.add(name);
    this.#damage.add(
      partitions,
      `${name}: batch ${batch} lost records of partitions ${[...partitions].join(', ')}`,
    );
  }
}
