import type { ErrorCode } from '@kv/errors';
import { type Timestamp, zeroTimestamp } from '@kv/hlc';
import { headMatches, headOf, type LogPosition, type RecordView, type StoredRecord } from '@kv/storage';

import type { ReadAnswers } from './answers.js';
import { bitAt, type Bits } from './bits.js';
import { type HeadAnswer, perhapsSent, type ReadAnswer } from './channel.js';
import type { Incarnation, ReplyFacts } from './replica.js';

/** What a local copy found for the keys of a message, before any of it may be shown. */
export class Sights {
  readonly keyHashes: Uint32Array;
  /** Undefined: nothing is there, or nothing may be told. */
  readonly records: (RecordView | undefined)[];
  /** Where the newest of them stands in the log. */
  last: LogPosition | undefined;
  #refusals: (ErrorCode | undefined)[] | undefined;

  constructor(keyHashes: Uint32Array) {
    this.keyHashes = keyHashes;
    this.records = new Array<RecordView | undefined>(keyHashes.length).fill(undefined);
  }

  see(index: number, { record, position }: StoredRecord): void {
    this.records[index] = record;
    if (this.last === undefined || position > this.last) this.last = position;
  }

  refuse(index: number, code: ErrorCode): void {
    this.#refusals ??= new Array<ErrorCode | undefined>(this.records.length).fill(undefined);
    this.#refusals[index] ??= code;
    this.records[index] = undefined;
  }

  hideRecords(code: ErrorCode): void {
    for (let index = 0; index < this.records.length; index += 1) {
      if (this.records[index] !== undefined) this.refuse(index, code);
    }
  }

  refusalAt(index: number): ErrorCode | undefined {
    return this.#refusals?.[index];
  }
}

/** The same, as answers. */
export class LocalReadAnswers implements ReadAnswers {
  readonly isNone = false;
  readonly #sights: Sights;
  readonly #wantValue: Bits;
  readonly #facts: ReplyFacts;

  constructor(sights: Sights, wantValue: Bits, facts: ReplyFacts) {
    this.#sights = sights;
    this.#wantValue = wantValue;
    this.#facts = facts;
  }

  get incarnations(): readonly Incarnation[] {
    return this.#facts.incarnations;
  }

  isAbsent(index: number): boolean {
    const { records } = this.#sights;
    return (
      index < records.length && records[index] === undefined && this.#sights.refusalAt(index) === undefined
    );
  }

  recordAt(index: number): RecordView | undefined {
    return this.#sights.records[index];
  }

  timestampAt(index: number): Timestamp | undefined {
    const record = this.#sights.records[index];
    if (record !== undefined) return record.version.timestamp;
    return this.isAbsent(index) && this.#facts.purgeFloor === zeroTimestamp ? zeroTimestamp : undefined;
  }

  shows(index: number, record: RecordView): boolean {
    const held = this.#sights.records[index];
    return held !== undefined && headMatches(record, held.bytes, 0);
  }

  answerAt(index: number): ReadAnswer | HeadAnswer {
    const { hlcTime, purgeFloor, epoch, incarnations } = this.#facts;
    const code = this.#sights.refusalAt(index);
    if (code !== undefined) return { kind: 'refused', code, hlcTime, purgeFloor, epoch, incarnations };
    const record = this.#sights.records[index];
    if (record === undefined) {
      if (index >= this.#sights.records.length) return perhapsSent;
      return { kind: 'absent', hlcTime, purgeFloor, epoch, incarnations };
    }
    return bitAt(this.#wantValue, index)
      ? { kind: 'found', record, hlcTime, purgeFloor, epoch, incarnations }
      : { kind: 'head', head: headOf(record), hlcTime, purgeFloor, epoch, incarnations };
  }
}
