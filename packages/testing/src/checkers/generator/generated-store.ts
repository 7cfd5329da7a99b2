import type { SeededRandom } from '../../seeded-random.js';
import type { Appended, ReadAnswer, Version } from '../history.js';
import type { RecordedWrite } from '../history-recorder.js';
import { compareVersions } from '../version-order.js';

/** What an attempt stores. */
export interface GeneratedRecord {
  readonly key: string;
  readonly write: RecordedWrite;
  readonly version: Version;
  /** Undefined = a tombstone. */
  readonly value: string | undefined;
  /** Infinity = never. */
  readonly expiresAtMs: number;
}

export interface StampBounds {
  readonly above: number;
  readonly notAfter: number;
}

/** Timestamps a millisecond. */
export const ticksPerMs = 16;

/** One atomic cell a key that keeps the newest version, and coordinators with skewed clocks that stamp for it. */
export class GeneratedStore {
  nowMs = 0;
  readonly newest = new Map<string, GeneratedRecord>();
  readonly #everything = new Map<string, GeneratedRecord[]>();
  readonly #random: SeededRandom;
  readonly #appended: (appended: Appended) => void;
  readonly #skewsMs: readonly number[];
  readonly #issued: number[];

  constructor(random: SeededRandom, appended: (appended: Appended) => void) {
    this.#random = random;
    this.#appended = appended;
    const skewMsMax = random.pick([0, 4, 60]);
    this.#skewsMs = Array.from({ length: 5 }, () => random.float() * skewMsMax);
    this.#issued = this.#skewsMs.map(() => 0);
  }

  /** By any coordinator; undefined if it may not stamp within the bounds. */
  stamp({ above, notAfter }: StampBounds): Version | undefined {
    const node = this.#random.below(this.#skewsMs.length);
    const wall = Math.floor((1_000 + this.nowMs - this.#skewsMs[node]!) * ticksPerMs);
    const timestamp = Math.max(wall, above + 1, this.#issued[node]! + 1);
    if (timestamp > notAfter) return undefined;
    this.#issued[node] = timestamp;
    return { timestamp, node: node + 1 };
  }

  /** Some replica holds it; no quorum shows it yet. */
  append(record: GeneratedRecord): void {
    const known = this.#everything.get(record.key);
    if (known === undefined) this.#everything.set(record.key, [record]);
    else if (known.length < 8) known.push(record);
    else known[this.#random.below(8)] = record;
    this.#appended({ key: record.key, version: record.version });
  }

  apply(record: GeneratedRecord): void {
    this.append(record);
    const here = this.newest.get(record.key);
    if (here === undefined || compareVersions(record.version, here.version) > 0) {
      this.newest.set(record.key, record);
    }
  }

  isNewer(key: string, than: Version): boolean {
    const here = this.newest.get(key);
    return here !== undefined && compareVersions(here.version, than) > 0;
  }

  isHidden({ value, expiresAtMs }: GeneratedRecord): boolean {
    return value === undefined || expiresAtMs <= this.nowMs;
  }

  read(key: string): ReadAnswer {
    return this.#answer(this.newest.get(key));
  }

  /** What one replica may say. */
  readOne(key: string): ReadAnswer {
    const known = this.#everything.get(key) ?? [];
    return this.#answer(
      this.#random.below(4) === 0 ? undefined : known[this.#random.below(known.length + 1)],
    );
  }

  #answer(record: GeneratedRecord | undefined): ReadAnswer {
    if (record === undefined) return { kind: 'nothing' };
    const { version, value } = record;
    if (value === undefined || this.isHidden(record)) return { kind: 'hidden', version };
    return { kind: 'value', value, version };
  }
}
