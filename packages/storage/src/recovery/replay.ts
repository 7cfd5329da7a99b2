import { KvError } from '@kv/errors';
import type { Timestamp } from '@kv/hlc';

import { Damage } from '../engine/damage.js';
import type { BatchHeader, FileHeader } from '../log/frame.js';
import type { RecordMemory, RecoverySegment } from '../memory/record-memory.js';
import type { FileSystem, Timers } from '../ports.js';
import { fileErrorCode } from '../system/file-errors.js';
import { fixedBytes } from '../record/record-layout.js';
import { joinPath, logName, snapshotName } from './file-names.js';
import type { BatchDamage, FileVisitor, WalkedFile } from './file-visitor.js';
import { FileWalk } from './file-walk.js';
import type { Manifest } from './manifest.js';
import type { Tidy } from './record-walk.js';

export interface ReplayTask {
  readonly fileSystem: FileSystem;
  readonly timers: Pick<Timers, 'nextTurn'>;
  readonly directory: string;
  readonly manifest: Manifest;
  readonly memory: Pick<RecordMemory, 'reserve' | 'adopt' | 'seal' | 'expect' | 'fetchAhead'>;
  /** Takes a verified record in as if it had just been applied: nobody knows whether it is on the disk. */
  readonly append: (segment: RecoverySegment, offset: number, length: number) => void;
  readonly tidy?: Tidy;
}

export interface Replayed {
  readonly damage: Damage;
  /** Names of files in which damage was found. */
  readonly damagedFiles: ReadonlySet<string>;
  readonly ceiling: Timestamp;
  /** Records read. */
  readonly records: number;
  /** Of an incomplete last batch. */
  readonly cutBytes: number;
  readonly snapshotBytes: number;
  /** Bytes of whole batches in each log file, by sequence. */
  readonly logBytes: ReadonlyMap<number, number>;
  /** The largest batch sequence met. */
  readonly lastBatch: number;
  /** Batches up to this one are on stable storage; what came after it was given to `append`. */
  readonly syncedThrough: number;
}

/**
 * Reads the snapshot and the logs on top of it, in order, and changes nothing on the disk. Only the manifest says which
 * logs count: it names a file before anything in it is acknowledged, so one that it does not name holds nothing that may
 * be missed, be it left by a crash or brought here by somebody.
 *
 * What may be missing without being damage: the end of the newest log file within its last batch. Such a batch was never
 * synced: batches are written one after the other, each after the sync of the one before. And whatever is behind the
 * point from which a later file began anew. Everything else that is not as it was written may have been acknowledged.
 *
 * What is found in the newest file beyond its last sync may be in the system's cache only, and a sync that failed in an
 * earlier run leaves it there for good. So it is not taken as durable, but appended once more, to a new file.
 */
export async function replay(task: ReplayTask): Promise<Replayed> {
  const replay = new Replay(task);
  const { snapshot, logFirst, logLast } = task.manifest;
  if (snapshot !== 0) await replay.snapshot(snapshot);
  for (let sequence = logFirst; sequence <= logLast; sequence += 1) await replay.log(sequence);
  return replay.result();
}

class Replay {
  readonly #task: ReplayTask;
  readonly #walk: FileWalk;
  readonly #damage: Damage;
  readonly #damagedFiles = new Set<string>();
  readonly #logBytes = new Map<number, number>();
  #ceiling: Timestamp;
  #records = 0;
  #cutBytes = 0;
  #snapshotBytes = 0;
  #lastBatch: number;
  /** Newest batch up to which the files so far have everything. */
  #through: number;
  #syncedThrough: number;
  /** Damage in the file before, which is nobody's loss if the next one begins anew in front of it. */
  #pending: (BatchDamage & { readonly name: string })[] = [];

  constructor(task: ReplayTask) {
    const { manifest, memory, timers, tidy } = task;
    this.#task = task;
    this.#walk = new FileWalk({ memory, timers, tidy });
    this.#damage = new Damage(manifest.partitions);
    this.#ceiling = manifest.ceiling;
    this.#lastBatch = this.#through = this.#syncedThrough = manifest.batchFirst - 1;
  }

  async snapshot(sequence: number): Promise<void> {
    const { memory } = this.#task;
    const name = snapshotName(sequence);
    const walked = await this.#read(name, {
      header: (header, fileBytes) => {
        if (!this.#belongs(header, 'snapshot', sequence)) return false;
        memory.expect(Math.min(header.extent, fileBytes / fixedBytes));
        return true;
      },
      batch: (header) => this.#raiseCeiling(header),
      record: (segment, offset) => {
        this.#records += 1;
        memory.adopt(segment, offset);
      },
      damage: (damage) => this.#note(name, damage),
    });
    if (walked === undefined) return;
    this.#snapshotBytes = walked.fileBytes;
    if (walked.end.kind === 'damaged') this.#lose(name, walked.end.reason);
    else if (walked.end.kind !== 'complete' || walked.last?.records !== 0)
      this.#lose(name, 'its end is missing');
  }

  async log(sequence: number): Promise<void> {
    const { memory, manifest, append } = this.#task;
    const name = logName(sequence);
    const newest = sequence === manifest.logLast;
    // A newest file that does not even say what it follows has nothing that is known to be durable.
    let durable = !newest;
    let syncedAtStart = 0;
    this.#syncedThrough = this.#through;
    const before = this.#pending;
    this.#pending = [];
    let following: FileHeader | undefined;
    const walked = await this.#read(name, {
      header: (header) => {
        if (!this.#belongs(header, 'log', sequence)) return false;
        following = header;
        this.#follow(name, header, before);
        durable = true;
        syncedAtStart = manifest.running === null ? Infinity : header.extent;
        return true;
      },
      batch: (header, { next }) => {
        this.#raiseCeiling(header);
        this.#lastBatch = Math.max(this.#lastBatch, header.sequence);
        const synced = header.sequence <= syncedAtStart || (next?.syncedThrough ?? 0) >= header.sequence;
        if (newest && !synced) durable = false;
        if (durable) this.#syncedThrough = header.sequence;
      },
      ahead: (segment, offset, end) => memory.fetchAhead(segment, offset, end),
      record: (segment, offset, length) => {
        this.#records += 1;
        if (durable) memory.adopt(segment, offset);
        else append(segment, offset, length);
      },
      damage: (damage) => this.#pending.push({ ...damage, name }),
    });
    if (following === undefined) for (const damage of before) this.#note(damage.name, damage);
    if (walked !== undefined) this.#endOf(name, sequence, walked);
  }

  async result(): Promise<Replayed> {
    await this.#walk.finish();
    for (const damage of this.#pending) this.#note(damage.name, damage);
    return {
      damage: this.#damage,
      damagedFiles: this.#damagedFiles,
      ceiling: this.#ceiling,
      records: this.#records,
      cutBytes: this.#cutBytes,
      snapshotBytes: this.#snapshotBytes,
      logBytes: this.#logBytes,
      lastBatch: this.#lastBatch,
      syncedThrough: this.#syncedThrough,
    };
  }

  /** The file says from where on it is needed: what it does not have must be in those before it. */
  #follow(
    name: string,
    header: FileHeader,
    before: readonly (BatchDamage & { readonly name: string })[],
  ): void {
    const { continuesAfter, firstBatch } = header;
    for (const damage of before) {
      if (damage.batch === undefined || damage.batch <= continuesAfter) this.#note(damage.name, damage);
    }
    if (continuesAfter > this.#through && !before.some(({ batch }) => batch === undefined)) {
      this.#lose(name, `batches ${this.#through + 1} to ${continuesAfter} are missing before it`);
    }
    this.#through = continuesAfter;
    this.#syncedThrough = continuesAfter;
    this.#lastBatch = Math.max(this.#lastBatch, firstBatch - 1);
  }

  #endOf(name: string, sequence: number, { header, fileBytes, wholeBytes, last, end }: WalkedFile): void {
    this.#logBytes.set(sequence, wholeBytes);
    if (last !== undefined) this.#through = last.sequence;
    switch (end.kind) {
      case 'complete':
        return;
      case 'short':
        if (sequence === this.#task.manifest.logLast) this.#cutBytes += fileBytes - wholeBytes;
        return;
      case 'damaged': {
        const batch = header === undefined ? undefined : this.#through + 1;
        this.#pending.push({ batch, position: wholeBytes, partitions: undefined, reason: end.reason, name });
        return;
      }
      case 'other-format':
        return;
    }
  }

  async #read(name: string, visitor: FileVisitor): Promise<WalkedFile | undefined> {
    const { fileSystem, directory, manifest } = this.#task;
    const path = joinPath(directory, name);
    let walked: WalkedFile;
    try {
      const file = await fileSystem.openForRead(path);
      try {
        const fileBytes = await file.size();
        walked = await this.#walk.walk(file, { fileBytes, partitions: manifest.partitions }, visitor);
      } finally {
        await file.close().catch(() => undefined);
      }
    } catch (error) {
      const code = fileErrorCode(error);
      if (code !== 'ENOENT' && code !== 'EIO') throw error;
      const reason = code === 'ENOENT' ? 'it is missing' : 'the disk cannot read it';
      this.#pending.push({ batch: undefined, position: 0, partitions: undefined, reason, name });
      return undefined;
    }
    if (walked.end.kind !== 'other-format') return walked;
    throw new KvError(
      'corrupt',
      `${path} has format version ${walked.end.version}, which this program does not know: use the program that wrote it`,
    );
  }

  #belongs(header: FileHeader, kind: FileHeader['kind'], sequence: number): boolean {
    const { partitions } = this.#task.manifest;
    return header.kind === kind && header.sequence === sequence && header.partitions === partitions;
  }

  #raiseCeiling({ ceiling }: BatchHeader): void {
    if (ceiling > this.#ceiling) this.#ceiling = ceiling;
  }

  #note(name: string, { partitions, reason }: BatchDamage): void {
    if (partitions === undefined) {
      this.#lose(name, reason);
      return;
    }
    this.#damagedFiles.add(name);
    this.#damage.add(partitions, `${name}: ${reason}`);
  }

  #lose(name: string, reason: string): void {
    this.#damagedFiles.add(name);
    this.#damage.addAll(`${name}: ${reason}`);
  }
}
