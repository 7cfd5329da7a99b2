import {
  createHybridLogicalClock,
  physicalMs,
  type HybridLogicalClock,
  type Timestamp,
  type Version,
  zeroTimestamp,
} from '@kv/hlc';
import { compareRecords, type RecordView } from '@kv/storage';

import type { ReadReply, ReplyFacts, WriteReply } from '../../src/index.js';
import type { EventQueue } from './event-queue.js';

/** Rules that a broken replica may leave out. */
export interface ReplicaFaults {
  readonly ackBeforeSync?: boolean;
  readonly showUnsynced?: boolean;
  readonly refuseAfterAppend?: boolean;
}

interface NodeOptions {
  readonly number: number;
  readonly skewMs: number;
  readonly faults: ReplicaFaults;
  /** How long the next sync takes. */
  syncMs(): number;
  /** Told of every version that is appended. */
  readonly appended: (key: string, version: Version) => void;
}

interface Entry {
  readonly record: RecordView;
  readonly position: number;
}

/** Unix time at which simulations begin. */
const startMs = 1_780_000_000_000;

/** A process with a clock, a memory and a disk; a crash takes what was not synced. */
export class FakeNode {
  readonly number: number;
  hlc: HybridLogicalClock;
  up = true;
  /** Counts restarts: what an earlier life began does not go on in the next. */
  life = 0;
  readonly #options: NodeOptions;
  readonly #queue: EventQueue;
  #memory = new Map<string, Entry>();
  #disk = new Map<string, RecordView>();
  #ceiling: Timestamp = zeroTimestamp;
  #log: Entry[] = [];
  #appendedCount = 0;
  #syncedCount = 0;
  #syncing = false;
  #waiting: { position: number; run: () => void }[] = [];
  /**
   * Once refused, always refused, and once taken, never refused: a transport delivers a request once, and where copies
   * are delivered here, to test more, they must not contradict each other.
   */
  readonly #refused = new Set<string>();
  readonly #taken = new Set<string>();

  constructor(options: NodeOptions, queue: EventQueue) {
    this.#options = options;
    this.#queue = queue;
    this.number = options.number;
    this.hlc = this.#startClock();
  }

  wallMs(): number {
    return startMs + this.#queue.nowMs + this.#options.skewMs;
  }

  crash(): void {
    this.up = false;
    this.life += 1;
    this.#memory = new Map();
    this.#log = [];
    this.#waiting = [];
    this.#syncing = false;
    this.#appendedCount = this.#syncedCount;
  }

  restart(): void {
    this.up = true;
    this.hlc = this.#startClock();
    for (const [key, record] of this.#disk) this.#memory.set(key, { record, position: this.#syncedCount });
  }

  /** A stamp, or why none; the ceiling is durable at once. */
  stamp(bounds: {
    above?: Timestamp | undefined;
    notAfter?: Timestamp | undefined;
  }): Timestamp | 'drift' | 'ceiling' | 'not-ready' {
    const { above, notAfter } = bounds;
    if (this.hlc.readyInMs() > 0) return 'not-ready';
    if (above !== undefined) {
      if (!this.hlc.admits(above)) return 'drift';
      this.hlc.receive(above);
    }
    const stamp = this.hlc.now();
    if (!this.hlc.admits(stamp)) return 'drift';
    if (notAfter !== undefined && stamp > notAfter) return 'ceiling';
    this.#persistCeiling(this.hlc.ceilingDue() ?? zeroTimestamp);
    return stamp;
  }

  /** `refuse`: this replica is out of memory. */
  write(key: string, record: RecordView, refuse: boolean, reply: (reply: WriteReply) => void): void {
    const id = textOf(record.version);
    const refusesAfterAppend = refuse && this.#options.faults.refuseAfterAppend === true;
    if (refuse && !refusesAfterAppend && !this.#taken.has(id)) this.#refused.add(id);
    if (this.#refused.has(id)) {
      reply({ kind: 'refused', code: 'memory-full', ...this.#facts() });
      return;
    }
    if (!this.hlc.admits(record.version.timestamp)) {
      this.#refused.add(id);
      reply({ kind: 'refused', code: 'clock-drift', ...this.#facts() });
      return;
    }
    this.#taken.add(id);
    this.hlc.receive(record.version.timestamp);
    this.repair(key, record, (answer) => {
      if (refusesAfterAppend) reply({ kind: 'refused', code: 'memory-full', ...this.#facts() });
      else reply(answer);
    });
  }

  repair(key: string, record: RecordView, reply: (reply: WriteReply) => void): void {
    const here = this.#memory.get(key);
    const order = here === undefined ? 1 : compareRecords(record, here.record);
    if (order > 0) {
      const entry = { record, position: ++this.#appendedCount };
      this.#memory.set(key, entry);
      this.#log.push(entry);
      this.#options.appended(key, record.version);
      this.#sync();
      const previous = here?.record;
      this.#whenDurable(entry.position, () => reply({ kind: 'stored', previous, ...this.#facts() }));
    } else if (order === 0) {
      this.#whenDurable(here!.position, () => reply({ kind: 'already', ...this.#facts() }));
    } else {
      const previous = here!.record;
      const { version } = previous;
      this.#whenDurable(here!.position, () => reply({ kind: 'newer', version, previous, ...this.#facts() }));
    }
  }

  read(key: string, at: Timestamp, reply: (reply: ReadReply) => void): void {
    if (!this.hlc.admits(at)) {
      reply({ kind: 'refused', code: 'clock-drift', ...this.#facts() });
      return;
    }
    this.hlc.receive(at);
    const here = this.#memory.get(key);
    if (here === undefined) {
      reply({ kind: 'absent', ...this.#facts() });
      return;
    }
    const answer = (): void => {
      this.#keepMerged(at, here.record);
      reply({ kind: 'found', record: here.record, ...this.#facts() });
    };
    if (this.#options.faults.showUnsynced === true) answer();
    else this.#whenDurable(here.position, answer);
  }

  /** The version on disk. */
  durable(key: string): RecordView | undefined {
    return this.#disk.get(key);
  }

  #keepMerged(at: Timestamp, { expiresAtMs }: RecordView): void {
    const keptMs = Math.max(physicalMs(this.hlc.ceiling()), this.wallMs());
    if (expiresAtMs > keptMs && expiresAtMs <= physicalMs(at)) this.#persistCeiling(at);
  }

  #persistCeiling(ceiling: Timestamp): void {
    if (ceiling <= this.#ceiling) return;
    this.#ceiling = ceiling;
    this.hlc.ceilingPersisted(ceiling);
  }

  #whenDurable(position: number, run: () => void): void {
    if (position <= this.#syncedCount || this.#options.faults.ackBeforeSync === true) run();
    else this.#waiting.push({ position, run });
  }

  /** Group commit: what is appended while a sync runs waits for the next. */
  #sync(): void {
    if (this.#syncing) return;
    this.#syncing = true;
    const { life } = this;
    const upTo = this.#appendedCount;
    this.#queue.after(this.#options.syncMs(), () => {
      if (life !== this.life) return;
      this.#syncing = false;
      this.#syncedCount = upTo;
      for (const { record, position } of this.#log) {
        if (position <= upTo) this.#disk.set(keyOf(record), record);
      }
      this.#log = this.#log.filter(({ position }) => position > upTo);
      const ready = this.#waiting.filter(({ position }) => position <= upTo);
      this.#waiting = this.#waiting.filter(({ position }) => position > upTo);
      for (const { run } of ready) run();
      if (this.#log.length > 0) this.#sync();
    });
  }

  #startClock(): HybridLogicalClock {
    return createHybridLogicalClock({ ceiling: this.#ceiling }, { clock: { nowMs: () => this.wallMs() } });
  }

  #facts(): ReplyFacts {
    return { hlcTime: this.hlc.current(), purgeFloor: zeroTimestamp, epoch: 1, incarnations: [] };
  }
}

export function keyOf(record: RecordView): string {
  return String.fromCharCode(...record.key);
}

function textOf({ timestamp, node }: Version): string {
  return `${timestamp}@${node}`;
}
