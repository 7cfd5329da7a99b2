/**
 * What this member remembers of every member's data directory, durably: peers alone can notice that a disk was wiped or
 * an old copy of it restored (protocol rules 14, 15).
 *
 * Incarnations and directories are on disk before anybody is told that they are remembered. How long a log was may lag:
 * it is written when something else is, or after a while. A file that is lost or damaged is an empty memory, and this
 * member then has to be admitted anew before it is a witness again.
 */
import type { Incarnation } from '@kv/replication';
import { type Directory, judgeDirectory, newerDirectory } from '@kv/replication';
import type { FileSystem } from '@kv/storage';

import { memberMemoryIntervalMs } from '../limits.js';
import type { Timers } from '../ports.js';
import { openSealedJson, sealJson } from './sealed-json.js';
import { readWholeFile, writeWholeFile } from './whole-file.js';

export interface MemberMemory {
  /** Incarnation with which this directory was admitted last; 0 = never. */
  readonly admitted: number;
  /** Resolves once it is durable. */
  admit(incarnation: number): Promise<void>;
  get(member: number): Directory | undefined;
  all(): readonly Directory[];
  /** Members that ever lost data, as replies name them. */
  incarnations(): readonly Incarnation[];
  /** Judges a directory that its member shows; `accepted` is remembered, durably. */
  meet(shown: Directory): Promise<'accepted' | 'outdated'>;
  /** Takes in what others remember; durable when it resolves. */
  merge(remembered: readonly Directory[]): Promise<void>;
  /** Remembers at least this incarnation of a member; durable when it resolves. */
  note(incarnation: Incarnation): Promise<void>;
  /** Writes what lags. */
  close(): Promise<void>;
}

interface Content {
  readonly admitted: number;
  readonly remembered: readonly Directory[];
}

interface MemoryPorts {
  readonly fileSystem: FileSystem;
  readonly timers: Timers;
}

const name = 'members.json';
const format = 1;

/** @param directory undefined for a node that forgets everything when it stops */
export async function openMemberMemory(
  directory: string | undefined,
  ports: MemoryPorts,
): Promise<MemberMemory> {
  const bytes =
    directory === undefined ? undefined : await readWholeFile({ directory, name }, ports.fileSystem);
  return new DurableMemory(bytes === undefined ? undefined : decode(bytes), directory, ports);
}

class DurableMemory implements MemberMemory {
  readonly #directory: string | undefined;
  readonly #ports: MemoryPorts;
  readonly #remembered: Map<number, Directory>;
  #admitted: number;
  #incarnations: readonly Incarnation[] = [];
  #changes = 0;
  #durableChanges = 0;
  #writing: Promise<void> | undefined;
  #cancelTimer: (() => void) | undefined;
  #closed = false;

  constructor(content: Content | undefined, directory: string | undefined, ports: MemoryPorts) {
    this.#directory = directory;
    this.#ports = ports;
    this.#admitted = content?.admitted ?? 0;
    this.#remembered = new Map(content?.remembered.map((entry) => [entry.member, entry]));
    this.#list();
  }

  get admitted(): number {
    return this.#admitted;
  }

  async admit(incarnation: number): Promise<void> {
    if (this.#admitted === incarnation) return;
    const before = this.#admitted;
    this.#admitted = incarnation;
    this.#changes += 1;
    try {
      await this.#durable();
    } catch (error) {
      this.#admitted = before;
      throw error;
    }
  }

  get(member: number): Directory | undefined {
    return this.#remembered.get(member);
  }

  all(): readonly Directory[] {
    return [...this.#remembered.values()];
  }

  incarnations(): readonly Incarnation[] {
    return this.#incarnations;
  }

  async meet(shown: Directory): Promise<'accepted' | 'outdated'> {
    const known = this.#remembered.get(shown.member);
    const verdict = judgeDirectory(shown, known);
    if (verdict === 'outdated') return verdict;
    this.#remember(shown, known);
    // Asked again while the first answer is still being written: not remembered before that is done.
    await this.#durable();
    return verdict;
  }

  async merge(remembered: readonly Directory[]): Promise<void> {
    for (const entry of remembered) {
      const known = this.#remembered.get(entry.member);
      this.#remember(known === undefined ? entry : newerDirectory(known, entry), known);
    }
    await this.#durable();
  }

  async note({ member, incarnation }: Incarnation): Promise<void> {
    const known = this.#remembered.get(member);
    if ((known?.incarnation ?? 1) < incarnation) {
      this.#remember({ member, incarnation, id: '', logSequence: 0 }, known);
    }
    await this.#durable();
  }

  async close(): Promise<void> {
    this.#cancelTimer?.();
    this.#closed = true;
    if (this.#cancelTimer !== undefined) this.#changes += 1;
    await this.#durable();
  }

  #remember(entry: Directory, known: Directory | undefined): void {
    if (known?.incarnation === entry.incarnation && known.id === entry.id) {
      if (known.logSequence >= entry.logSequence) return;
      this.#remembered.set(entry.member, entry);
      this.#writeLater();
      return;
    }
    this.#remembered.set(entry.member, entry);
    this.#changes += 1;
    this.#list();
  }

  #list(): void {
    this.#incarnations = this.all()
      .filter(({ incarnation }) => incarnation > 1)
      .map(({ member, incarnation }) => ({ member, incarnation }));
  }

  #writeLater(): void {
    if (this.#closed || this.#directory === undefined) return;
    this.#cancelTimer ??= this.#ports.timers.after(memberMemoryIntervalMs, () => {
      this.#cancelTimer = undefined;
      this.#changes += 1;
      // A failure here loses a little of how long logs were, and the next write tries again.
      this.#durable().catch(() => undefined);
    });
  }

  /** Resolves once every change made before is on disk. One write at a time; those that wait share the next. */
  async #durable(): Promise<void> {
    const changes = this.#changes;
    while (this.#durableChanges < changes) {
      this.#writing ??= this.#write().finally(() => {
        this.#writing = undefined;
      });
      await this.#writing;
    }
  }

  async #write(): Promise<void> {
    const changes = this.#changes;
    const directory = this.#directory;
    if (directory !== undefined) {
      const fields = { format, admitted: this.#admitted, remembered: this.all() };
      await writeWholeFile({ directory, name }, sealJson(fields), this.#ports.fileSystem);
    }
    this.#durableChanges = changes;
  }
}

function decode(bytes: Uint8Array): Content | undefined {
  const fields = openSealedJson(bytes);
  return fields?.['format'] === format ? (fields as unknown as Content) : undefined;
}
