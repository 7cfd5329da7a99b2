import type { Operation, Version, WriteOperation } from './history.js';
import { compareVersions } from './version-order.js';

/** Globals taken once: in some test runners each access to one is slow. */
const NumberMap = Map<number, Writer>;
const TextMap = Map<string, WriteOperation>;

/** Of one version; versions that differ in the node alone are chained. */
interface Writer {
  readonly version: Version;
  readonly operation: WriteOperation;
  readonly next: Writer | undefined;
}

/** The operations on one key, sorted and indexed once for all checkers. */
export class KeyHistory {
  readonly key: string;
  /** In the order in which they began. */
  readonly began: readonly Operation[];
  /** Those that ended, in that order. */
  readonly ended: readonly Operation[];
  readonly writes: readonly WriteOperation[];
  /** Versions that stamp more than one write: rule 17 forbids them. */
  readonly clashes: (readonly [WriteOperation, WriteOperation])[] = [];
  readonly #byTimestamp = new NumberMap();
  readonly #byValue = new TextMap();
  readonly #hiding: HidingWrites;

  constructor(key: string, operations: Operation[]) {
    this.key = key;
    this.began = sortedBy(operations, beganMs);
    this.ended = sortedBy(operations.filter(hasEnded), endedMs);
    this.writes = this.began.filter(isWrite);
    for (const write of this.writes) this.#index(write);
    this.#hiding = new HidingWrites(this.writes);
  }

  /** The write that was stamped so, disowned or not. */
  writerOf(version: Version): WriteOperation | undefined {
    let writer = this.#byTimestamp.get(version.timestamp);
    while (writer !== undefined && writer.version.node !== version.node) writer = writer.next;
    return writer?.operation;
  }

  writerOfValue(value: string): WriteOperation | undefined {
    return this.#byValue.get(value);
  }

  /** Whether a delete or an expiring put that began before then may have a version of at least this. */
  mayBeHidden(atLeast: Version, beforeMs: number): boolean {
    const newest = this.#hiding.newestBefore(beforeMs);
    return newest !== undefined && compareVersions(newest, atLeast) >= 0;
  }

  #index(write: WriteOperation): void {
    for (const { version } of write.stamps) {
      const next = this.#byTimestamp.get(version.timestamp);
      if (next !== undefined) {
        const other = this.writerOf(version);
        if (other === write) continue;
        if (other !== undefined) this.clashes.push([other, write]);
      }
      this.#byTimestamp.set(version.timestamp, { version, operation: write, next });
    }
    if (write.value === undefined) return;
    if (this.#byValue.has(write.value)) throw new Error(`history: ${write.value} is written twice`);
    this.#byValue.set(write.value, write);
  }
}

/** Deletes and expiring puts, with the newest version of all that began so far. */
class HidingWrites {
  readonly #beganMs: number[] = [];
  readonly #newest: Version[] = [];

  constructor(writes: readonly WriteOperation[]) {
    let newest: Version | undefined;
    for (const write of writes) {
      if (!hides(write) || write.outcome === 'not-applied') continue;
      for (const { version, disowned } of write.stamps) {
        if (!disowned && (newest === undefined || compareVersions(version, newest) > 0)) newest = version;
      }
      if (newest === undefined) continue;
      this.#beganMs.push(write.beganMs);
      this.#newest.push(newest);
    }
  }

  newestBefore(ms: number): Version | undefined {
    let low = 0;
    let high = this.#beganMs.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#beganMs[middle]! <= ms) low = middle + 1;
      else high = middle;
    }
    return this.#newest[low - 1];
  }
}

/** After it a key may be not found. */
export function hides({ kind, expires }: WriteOperation): boolean {
  return kind === 'delete' || expires;
}

export function isWrite(operation: Operation): operation is WriteOperation {
  return operation.kind !== 'get';
}

/** The guarantees are about these among themselves (rule 23). */
export function isStrong({ level }: Operation): boolean {
  return level !== 'one';
}

function hasEnded(operation: Operation): boolean {
  return operation.endedMs !== Infinity;
}

function beganMs(operation: Operation): number {
  return operation.beganMs;
}

function endedMs(operation: Operation): number {
  return operation.endedMs;
}

/** Histories come sorted as a rule. */
function sortedBy(operations: Operation[], momentOf: (operation: Operation) => number): Operation[] {
  for (let index = 1; index < operations.length; index += 1) {
    if (momentOf(operations[index]!) < momentOf(operations[index - 1]!)) {
      return [...operations].sort((a, b) => momentOf(a) - momentOf(b));
    }
  }
  return operations;
}
