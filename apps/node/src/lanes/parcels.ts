import type { Timestamp } from '@kv/hlc';
import {
  type AnswerReceiver,
  type Answers,
  type AnswersReceiver,
  type Bits,
  type VersionColumn,
  versionBytes,
} from '@kv/replication';

import type { LaneParcel } from './lane.js';

interface Bounds {
  readonly deadlineAtMs: number;
  readonly signal?: AbortSignal | undefined;
  readonly isLone?: boolean | undefined;
}

export interface WriteParcel extends LaneParcel {
  /** Laid end to end. */
  readonly records: Uint8Array;
  /** Of each of them. */
  readonly isWanted: boolean;
  /** Undefined: whatever each replaces is shown, if it is wanted. */
  readonly expected: VersionColumn | undefined;
}

export interface ReadParcel extends LaneParcel {
  readonly keys: readonly Uint8Array[];
  readonly at: Timestamp;
  /** The value of each of them. */
  readonly isWanted: boolean;
}

interface Writes {
  readonly records: Uint8Array;
  readonly count: number;
  readonly wantPrevious: boolean;
  readonly expected?: VersionColumn | undefined;
}

export function writeParcel(
  { records, count, wantPrevious, expected }: Writes,
  { deadlineAtMs, signal, isLone = false }: Bounds,
): WriteParcel {
  // What is as expected is not shown, which is nearly all.
  const returned = wantPrevious && expected === undefined ? count : 0;
  const bytes = records.length + (expected?.length ?? 0);
  return { records, count, isWanted: wantPrevious, expected, bytes, returned, deadlineAtMs, signal, isLone };
}

export function readParcel(
  {
    keys,
    at,
    wantValue,
    returned,
  }: {
    readonly keys: readonly Uint8Array[];
    readonly at: Timestamp;
    readonly wantValue: boolean;
    readonly returned: number;
  },
  { deadlineAtMs, signal, isLone = false }: Bounds,
): ReadParcel {
  let bytes = 0;
  for (const key of keys) bytes += key.length;
  return { keys, at, isWanted: wantValue, count: keys.length, bytes, returned, deadlineAtMs, signal, isLone };
}

/** A bit for each operation of the parcels: whether a record is wanted with its answer. */
export function wanted(parcels: readonly { readonly count: number; readonly isWanted: boolean }[]): Bits {
  if (parcels.every(({ isWanted }) => !isWanted)) return noBits;
  let count = 0;
  for (const parcel of parcels) count += parcel.count;
  const bits = new Uint8Array((count + 7) >>> 3);
  if (parcels.length === 1) return bits.fill(0xff);
  let index = 0;
  for (const parcel of parcels) {
    const end = index + parcel.count;
    for (; index < end; index += 1) if (parcel.isWanted) bits[index >>> 3]! |= 1 << (index & 7);
  }
  return bits;
}

/** What each operation of the parcels is expected to replace; undefined: nothing is expected of any. */
export function expectedOf(parcels: readonly WriteParcel[]): VersionColumn | undefined {
  if (parcels.length === 1) return parcels[0]!.expected;
  if (parcels.every(({ expected }) => expected === undefined)) return undefined;
  return Buffer.concat(
    parcels.map(({ count, expected }) => expected ?? new Uint8Array(count * versionBytes).fill(0xff)),
  );
}

const noBits: Bits = new Uint8Array(0);

/** Whoever waits for a single operation's answer. */
export function single<Answer>(
  { tag }: { readonly tag: number },
  receiver: AnswerReceiver<Answer>,
): AnswersReceiver<Answers<Answer>> {
  return {
    onAnswers: (from, answers, first) => receiver.onAnswer(from, tag, answers.answerAt(first)),
  };
}
