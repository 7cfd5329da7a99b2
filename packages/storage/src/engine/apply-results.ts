import type { ErrorCode } from '@kv/errors';

import { timestampOffset, versionBytes } from '../record/record-layout.js';
import { lengthAt } from '../memory/record-words.js';
import type { Segment } from '../memory/segment.js';
import { type RecordView, viewRecord } from '../record/record.js';
import type { ApplyResult, ApplyResults, LogPosition, RefusalCode } from './engine.js';

/** A refusal is told by its code, which is none of the other words. */
type Outcome = Exclude<ApplyResult['kind'], 'refused'> | RefusalCode | ErrorCode;

/** Results in columns, filled from front to back. */
export class ResultColumns implements ApplyResults {
  readonly length: number;
  #filled = 0;
  #position = 0;
  readonly #outcomes: Outcome[];
  readonly #positions: number[];
  /** Where the record lies that was here before; it stays there for as long as its segment is held. */
  readonly #segments: (Segment | undefined)[];
  readonly #offsets: number[];

  constructor(length: number) {
    this.length = length;
    this.#outcomes = new Array<Outcome>(length);
    this.#positions = new Array<number>(length);
    this.#segments = new Array<Segment | undefined>(length);
    this.#offsets = new Array<number>(length);
  }

  get position(): LogPosition {
    return this.#position as LogPosition;
  }

  /** @param segment of the record that was here before, at `offset`; undefined if there was none */
  add(
    outcome: Exclude<ApplyResult['kind'], 'refused'>,
    position: number,
    segment: Segment | undefined,
    offset: number,
  ): void {
    const index = this.#filled;
    this.#filled += 1;
    this.#outcomes[index] = outcome;
    this.#positions[index] = position;
    this.#segments[index] = segment;
    this.#offsets[index] = offset;
    if (position > this.#position) this.#position = position;
  }

  refuse(code: RefusalCode | ErrorCode): void {
    this.#outcomes[this.#filled] = code;
    this.#filled += 1;
  }

  kindAt(index: number): ApplyResult['kind'] {
    const outcome = this.#outcomes[index];
    return outcome === 'stored' || outcome === 'already' || outcome === 'newer' ? outcome : 'refused';
  }

  at(index: number): ApplyResult | undefined {
    const place = index < 0 ? this.length + index : index;
    const outcome = this.#outcomes[place];
    const position = this.#positions[place] as LogPosition;
    switch (outcome) {
      case undefined:
        return undefined;
      case 'stored':
        return { kind: outcome, position, previous: this.#presentAt(place) };
      case 'already':
        return { kind: outcome, position };
      case 'newer':
        return { kind: outcome, position, newer: this.#presentAt(place)! };
      default:
        return { kind: 'refused', code: outcome };
    }
  }

  replacedIs(index: number, version: Uint8Array, offset: number): boolean {
    if (offset + versionBytes > version.length) return false;
    const segment = this.#segments[index];
    // Nothing was here: the version is none.
    const start = this.#offsets[index]! + timestampOffset;
    for (let byte = 0; byte < versionBytes; byte += 1) {
      const held = segment === undefined ? 0 : segment.bytes[start + byte];
      if (version[offset + byte] !== held) return false;
    }
    return true;
  }

  *[Symbol.iterator](): Generator<ApplyResult, void> {
    for (let index = 0; index < this.length; index += 1) yield this.at(index)!;
  }

  #presentAt(index: number): RecordView | undefined {
    const segment = this.#segments[index];
    const offset = this.#offsets[index]!;
    return segment && viewRecord(segment.bytes, offset, lengthAt(segment.words, offset >>> 2));
  }
}
