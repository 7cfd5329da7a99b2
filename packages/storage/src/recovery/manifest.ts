import { KvError } from '@kv/errors';
import { isTimestamp, type Timestamp, zeroTimestamp } from '@kv/hlc';

import { isMissing } from '../system/file-errors.js';
import { dataFileOf, joinPath, manifestName } from './file-names.js';
import { isPartitionCount } from '../limits.js';
import type { Durability } from '../options.js';
import type { FileSystem } from '../ports.js';
import { readFully } from './read-fully.js';
import { createWhole, writeFully } from '../log/write-file.js';
import { xxh32 } from '../record/xxh32.js';

/**
 * The one file that says which others count. Two lines of text:
 *
 *     kv-storage <format version> <XXH32 of the second line, in hexadecimal>
 *     {"partitions":…}
 *
 * It is replaced as a whole, and always before anything depends on what it says.
 */
export interface Manifest {
  readonly partitions: number;
  /** Written with tombstones kept; a directory that let some go must never replicate. */
  readonly retainTombstones: boolean;
  /** Sequence of the current snapshot, 0 = none. */
  readonly snapshot: number;
  /** Log files from here on belong on top of the snapshot. */
  readonly logFirst: number;
  /** The newest log file known to exist; 0 before the first. A later one that a crash left unmentioned holds nothing acknowledged. */
  readonly logLast: number;
  /** Sequence of the first batch in `logFirst`. */
  readonly batchFirst: number;
  /** The clock's, as of the last replacement; the log may know a larger one. */
  readonly ceiling: Timestamp;
  /** Likewise: of records that may be gone from the files since. */
  readonly newestTimestamp: Timestamp;
  /** 1 for a new directory, one more after each loss. */
  readonly incarnation: number;
  /** Partitions that may have lost acknowledged records. */
  readonly suspect: readonly number[];
  /** Files in which damage was found: set aside, not removed, once nothing depends on them. */
  readonly quarantine: readonly string[];
  /** The run that has the directory open; null after one that synced everything and closed. */
  readonly running: Run | null;
}

export interface Run {
  readonly durability: Durability;
  /** Which boot of the machine it runs in; empty if that cannot be told. */
  readonly boot: string;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();

const formatName = 'kv-storage';
const formatVersion = 3;
const manifestBytesMax = 16 * 1024 * 1024;

export function firstManifest({
  partitions,
  retainTombstones,
}: {
  readonly partitions: number;
  readonly retainTombstones: boolean;
}): Manifest {
  return {
    partitions,
    retainTombstones,
    snapshot: 0,
    logFirst: 1,
    logLast: 0,
    batchFirst: 1,
    ceiling: zeroTimestamp,
    newestTimestamp: zeroTimestamp,
    incarnation: 1,
    suspect: [],
    quarantine: [],
    running: null,
  };
}

/**
 * @returns undefined if the directory has no manifest
 * @throws KvError `corrupt` if the file is damaged, or of another program or a newer version; it names the file
 */
export async function readManifest(fileSystem: FileSystem, directory: string): Promise<Manifest | undefined> {
  const path = joinPath(directory, manifestName);
  let text: string;
  try {
    const file = await fileSystem.openForRead(path);
    try {
      const size = await file.size();
      if (size > manifestBytesMax) throw notOurs(path);
      const bytes = new Uint8Array(size);
      await readFully(file, bytes, 0);
      text = decoder.decode(bytes);
    } finally {
      await file.close();
    }
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
  return parseManifest(text, path);
}

export function parseManifest(text: string, path: string): Manifest {
  const [first = '', second = '', ...rest] = text.split('\n');
  const [name, version, checksum] = first.split(' ');
  if (name !== formatName && isNearlyOurs(text)) {
    throw new KvError('corrupt', `${path} is damaged: its first line does not begin with ${formatName}`);
  }
  if (name !== formatName || version === undefined) throw notOurs(path);
  if (!/^[1-9]\d{0,8}$/.test(version)) {
    throw new KvError('corrupt', `${path} is damaged: its format version is no number`);
  }
  if (Number(version) !== formatVersion) {
    throw new KvError(
      'corrupt',
      `${path} has format version ${version}, this program knows ${formatVersion}: use the program that wrote it`,
    );
  }
  if (checksumOf(second) !== checksum || rest.join('') !== '') {
    throw new KvError('corrupt', `${path} is damaged: its checksum does not match`);
  }
  const manifest: unknown = JSON.parse(second);
  if (!isManifest(manifest)) throw new KvError('corrupt', `${path} has fields out of range`);
  return manifest;
}

export function formatManifest(manifest: Manifest): string {
  const json = JSON.stringify(manifest);
  return `${formatName} ${formatVersion} ${checksumOf(json)}\n${json}\n`;
}

/** Whether the records depend on the file. */
export function inChain({ snapshot, logFirst }: Manifest, name: string): boolean {
  const file = dataFileOf(name);
  if (file === undefined || file.kind === 'temporary') return false;
  return file.kind === 'log' ? file.sequence >= logFirst : file.sequence === snapshot;
}

export interface ManifestFile {
  readonly current: Manifest;
  /** That of `current`, which is another object, at times of another shape, after each change: this is read for every message. */
  readonly incarnation: number;
  /**
   * Durably changes some fields. Changes are made one after the other, each to what the one before left; one that fails
   * changes nothing.
   */
  update(change: Partial<Manifest> | ((current: Manifest) => Partial<Manifest>)): Promise<void>;
}

export function createManifestFile(fileSystem: FileSystem, directory: string, start: Manifest): ManifestFile {
  return new WholeManifestFile(fileSystem, directory, start);
}

type Change = Parameters<ManifestFile['update']>[0];

class WholeManifestFile implements ManifestFile {
  readonly #fileSystem: FileSystem;
  readonly #directory: string;
  #current: Manifest;
  #incarnation: number;
  #last: Promise<void> = Promise.resolve();

  constructor(fileSystem: FileSystem, directory: string, start: Manifest) {
    this.#fileSystem = fileSystem;
    this.#directory = directory;
    this.#current = start;
    this.#incarnation = start.incarnation;
  }

  get current(): Manifest {
    return this.#current;
  }

  get incarnation(): number {
    return this.#incarnation;
  }

  update(change: Change): Promise<void> {
    const done = this.#last.then(() => this.#replace(change));
    this.#last = done.catch(() => undefined);
    return done;
  }

  async #replace(change: Change): Promise<void> {
    const current = this.#current;
    const next = { ...current, ...(typeof change === 'function' ? change(current) : change) };
    const bytes = encoder.encode(formatManifest(next));
    const place = { directory: this.#directory, name: manifestName };
    const { file } = await createWhole(this.#fileSystem, place, async (file) => {
      await writeFully(file, bytes, 0);
      await file.sync();
    });
    this.#current = next;
    this.#incarnation = next.incarnation;
    await file.close();
  }
}

function checksumOf(line: string): string {
  return xxh32(encoder.encode(line)).toString(16).padStart(8, '0');
}

function notOurs(path: string): KvError {
  return new KvError(
    'corrupt',
    `${path} is not a manifest of this store: the directory belongs to another program`,
  );
}

/** Bits flipped in the name, or in what ends it: whoever reads of another program would give up data that is theirs. */
function isNearlyOurs(text: string): boolean {
  const wrong = Array.from(formatName).filter((character, index) => text[index] !== character).length;
  return wrong <= 2;
}

function isManifest(value: unknown): value is Manifest {
  if (typeof value !== 'object' || value === null) return false;
  const manifest = value as { readonly [Name in keyof Manifest]?: unknown };
  const { partitions, suspect, running } = manifest;
  return (
    isPartitionCount(partitions) &&
    typeof manifest.retainTombstones === 'boolean' &&
    [manifest.snapshot, manifest.logFirst, manifest.logLast, manifest.batchFirst].every(isCount) &&
    isCount(manifest.incarnation) &&
    manifest.incarnation >= 1 &&
    [manifest.ceiling, manifest.newestTimestamp].every((time) => isCount(time) && isTimestamp(time)) &&
    Array.isArray(suspect) &&
    suspect.every((partition) => isCount(partition) && partition < partitions) &&
    Array.isArray(manifest.quarantine) &&
    manifest.quarantine.every((name) => typeof name === 'string' && dataFileOf(name) !== undefined) &&
    (running === null || isRun(running))
  );
}

function isRun(value: unknown): value is Run {
  if (typeof value !== 'object' || value === null) return false;
  const { durability, boot } = value as { readonly [Name in keyof Run]?: unknown };
  return (
    (durability === 'always' || durability === 'interval' || durability === 'os') && typeof boot === 'string'
  );
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
