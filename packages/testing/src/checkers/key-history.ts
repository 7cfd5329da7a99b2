import { HidingWrites } from './hiding-writes.js';
import type { Operation, ReadOperation, Version, WriteOperation } from './history.js';
import { inOrderOfEnd } from './order-of-ends.js';
import { compareVersions } from './version-order.js';
import { VersionIndex } from './version-index.js';

/** Globals taken once: in some test runners each access to one is slow. */
const TextMap = Map<string, number>;
const Integers = Int32Array;

/** The operations on one key, sorted and indexed once for all checkers. */
export class KeyHistory {
  readonly key: string;
  /** In the order in which they began, as are `writes` and `reads`. */
  readonly began: readonly Operation[];
  /** Those that ended, in that order. */
  readonly ended: readonly Operation[];
  readonly writes: readonly WriteOperation[];
  /** Those that were answered. */
  readonly reads: readonly ReadOperation[];
  /** For each read the index of the write that its version belongs to; -1 if it tells none, or nobody's. */
  readonly versionsRead: Int32Array;
  /** For each read the index of the write that its value belongs to; -1 if it returned none, or nobody's. */
  readonly valuesRead: Int32Array;
  /** Versions that stamp more than one write: rule 17 forbids them. */
  readonly clashes: (readonly [WriteOperation, WriteOperation])[] = [];
  readonly #byVersion: VersionIndex;
  readonly #byValue = new TextMap();
  #hiding: HidingWrites | undefined;

  constructor(key: string, operations: Operation[]) {
    this.key = key;
    this.began = inOrderOfBeginning(operations);
    const writes: WriteOperation[] = [];
    const reads: ReadOperation[] = [];
    let stamps = 0;
    for (const operation of this.began) {
      if (isWrite(operation)) {
        writes.push(operation);
        stamps += operation.stamps.length;
      } else if (operation.answer !== undefined) reads.push(operation);
    }
    this.writes = writes;
    this.reads = reads;
    this.ended = inOrderOfEnd(this.began);
    this.#byVersion = new VersionIndex(stamps);
    for (let index = 0; index < this.writes.length; index += 1) this.#index(this.writes[index]!, index);
    this.versionsRead = new Integers(this.reads.length).fill(-1);
    this.valuesRead = new Integers(this.reads.length).fill(-1);
    for (let index = 0; index < this.reads.length; index += 1) this.#resolve(this.reads[index]!, index);
  }

  /** The write that was stamped so, disowned or not. */
  writerOf(version: Version): WriteOperation | undefined {
    return this.writes[this.#byVersion.get(version)];
  }

  writerOfValue(value: string): WriteOperation | undefined {
    return this.writes[this.#byValue.get(value) ?? -1];
  }

  /** Whether a delete or an expiring put that began before then may have a version of at least this. */
  mayBeHidden(atLeast: Version, beforeMs: number): boolean {
    this.#hiding ??= new HidingWrites(this.writes.filter(hides));
    const newest = this.#hiding.newestBefore(beforeMs);
    return newest !== undefined && compareVersions(newest, atLeast) >= 0;
  }

  #index(write: WriteOperation, index: number): void {
    for (const { version } of write.stamps) {
      const owner = this.#byVersion.add(version, index);
      if (owner !== index) this.clashes.push([this.writes[owner]!, write]);
    }
    if (write.value === undefined) return;
    if (this.#byValue.has(write.value)) throw new Error(`history: ${write.value} is written twice`);
    this.#byValue.set(write.value, index);
  }

  #resolve({ answer }: ReadOperation, index: number): void {
    if (answer?.kind !== 'value' && answer?.kind !== 'hidden') return;
    const write = this.#byVersion.get(answer.version);
    this.versionsRead[index] = write;
    if (answer.kind === 'hidden') return;
    const isOfVersion = this.writes[write]?.value === answer.value;
    this.valuesRead[index] = isOfVersion ? write : (this.#byValue.get(answer.value) ?? -1);
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

/** Histories come sorted as a rule. */
function inOrderOfBeginning(operations: Operation[]): Operation[] {
  for (let index = 1; index < operations.length; index += 1) {
    if (operations[index]!.beganMs < operations[index - 1]!.beganMs) {
      return [...operations].sort((a, b) => a.beganMs - b.beganMs);
    }
  }
  return operations;
}
