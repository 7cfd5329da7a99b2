import type { ErrorCode } from '@kv/errors';

import { timestampOffset, versionBytes } from '../record/record-layout.js';
import type { Segment } from '../memory/segment.js';
import type { RecordView } from '../record/record.js';
import type { ApplyOptions, ApplyResult, ApplyResults, LogPosition, RefusalCode } from './engine.js';

/** A refusal is told by its code, which is none of the other words. */
type Outcome = Exclude<ApplyResult['kind'], 'refused'> | RefusalCode | ErrorCode;

/** Results in columns, filled from front to back. */
export class ResultColumns implements ApplyResults {
  readonly length: number;
  #filled = 0;
  #position = 0;
  readonly #outcomes: Outcome[];
  readonly #positions: number[];
  /** The records that were here before, of those of whom that is told. */
  #present: (RecordView | undefined)[] | undefined;
  readonly #tellsPrevious: boolean;
  readonly #expected: Uint8Array | undefined;
  /** Of each, whether it replaced what was expected. */
  readonly #asExpected: boolean[] | undefined;

  constructor(length: number, { tellsPrevious = true, expected }: ApplyOptions) {
    this.length = length;
    this.#tellsPrevious = tellsPrevious;
    this.#expected = expected;
    this.#asExpected = expected && new Array<boolean>(length);
    this.#outcomes = new Array<Outcome>(length);
    this.#positions = new Array<number>(length);
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
    if (this.#isTold(index, outcome, segment, offset)) {
      this.#present ??= new Array<RecordView | undefined>(this.length);
      this.#present[index] = segment?.recordAt(offset);
    }
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
        return { kind: outcome, position, previous: this.#present?.[place] };
      case 'already':
        return { kind: outcome, position };
      case 'newer':
        return { kind: outcome, position, newer: this.#present![place]! };
      default:
        return { kind: 'refused', code: outcome };
    }
  }

  replacedExpected(index: number): boolean {
    return this.#asExpected?.[index] === true;
  }

  *[Symbol.iterator](): Generator<ApplyResult, void> {
    for (let index = 0; index < this.length; index += 1) yield this.at(index)!;
  }

  /** Whether what was here before is told. */
  #isTold(index: number, outcome: Outcome, segment: Segment | undefined, offset: number): boolean {
    if (outcome !== 'stored') return outcome === 'newer';
    if (this.#asExpected === undefined) return this.#tellsPrevious;
    const isAsExpected = isOfVersion(segment, offset, this.#expected!, index * versionBytes);
    this.#asExpected[index] = isAsExpected;
    return this.#tellsPrevious && !isAsExpected;
  }
}

/** Whether the record at `offset` is of the version at `at`; no segment: whether that version is none. */
function isOfVersion(
  segment: Segment | undefined,
  offset: number,
  versions: Uint8Array,
  at: number,
): boolean {
  if (at + versionBytes > versions.length) return false;
  const start = offset + timestampOffset;
  for (let byte = 0; byte < versionBytes; byte += 1) {
    const present = segment === undefined ? 0 : segment.bytes[start + byte];
    if (versions[at + byte] !== present) return false;
  }
  return true;
}
