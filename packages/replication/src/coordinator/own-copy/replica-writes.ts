/**
 * Writes to this member's own copy, for clients that coordinate writes themselves (protocol rule 25): as a version that was
 * reserved for them. Of the owners that store a write one _leads_: it gives the record to the others a moment later, so that
 * they need not wait for anti-entropy, and reserves the version of another write.
 */
import { toKvError } from '@kv/errors';
import { physicalMs } from '@kv/hlc';
import { isExpired, type RecordFields, recordBytesOf } from '@kv/storage';

import { previousRecord } from '../../cores/previous-record.js';
import { judgeWriteFailure, type WriteFailure } from '../../cores/write-failure.js';
import { thrownError, writeError } from '../../errors.js';
import { flightBytesMax, flightOperationsMax } from '../../limits.js';
import { type AnswersReceiver, sameAnswer, type WriteAnswers } from '../../replica/answers.js';
import { notSent, perhapsSent, type WriteAnswer } from '../../replica/channel.js';
import { versionBytes } from '../../replica/version-column.js';
import type { Caller, RunningOperation } from '../caller.js';
import { checkReplicaWrite } from '../check-request.js';
import type { Waiting } from '../patience.js';
import type { CallOptions, ReplicaWriteRequest, ReplicaWriteResult } from '../requests.js';
import { boundedTimeoutMs, partitionOfKey, reserveVersion, serverTime, type Shell } from '../shell.js';
import { previousValue } from '../write-operation.js';
import { Awaited, type Gathered, Gathering } from './gathering.js';

export class ReplicaWrites {
  readonly #shell: Shell;
  readonly #gathering: Gathering<Batch>;

  constructor(shell: Shell) {
    this.#shell = shell;
    this.#gathering = new Gathering(() => new Batch(shell));
  }

  /** @throws KvError `invalid-argument`, `not-applied` */
  write(
    request: ReplicaWriteRequest,
    options: CallOptions,
    caller: Caller<ReplicaWriteResult>,
  ): RunningOperation {
    const writer = new Writer(request, checkReplicaWrite(request), caller);
    this.#gathering.gather().take(writer, boundedTimeoutMs(this.#shell, options));
    return writer;
  }
}

class Writer extends Awaited<ReplicaWriteResult> {
  readonly request: ReplicaWriteRequest;
  readonly operationId: Uint8Array | undefined;
  hasBegun = false;

  constructor(
    request: ReplicaWriteRequest,
    operationId: Uint8Array | undefined,
    caller: Caller<ReplicaWriteResult>,
  ) {
    super(caller);
    this.request = request;
    this.operationId = operationId;
  }

  /** @param traceless see `WriteFailure.outcome` */
  fail(why: WriteFailure['why'], answer: WriteAnswer, traceless: boolean): void {
    const tally = { owners: 1, required: 1, received: 0 };
    const failure = judgeWriteFailure({ why, ...tally, answers: [answer], traceless });
    this.reject(writeError(failure, undefined));
  }

  abandon(): void {
    if (!this.isOver) this.fail('client-gone', this.hasBegun ? perhapsSent : notSent, !this.hasBegun);
  }
}

/** Writes that the store takes in as one. */
class Batch implements Gathered, AnswersReceiver<WriteAnswers>, Waiting {
  readonly #shell: Shell;
  #writers: Writer[] = [];
  /** Of each. */
  #records: readonly Uint8Array[] = [];
  #bytes = 0;
  #timeoutMs = 0;
  #isOver = false;

  constructor(shell: Shell) {
    this.#shell = shell;
  }

  get isFull(): boolean {
    return this.#writers.length >= flightOperationsMax || this.#bytes >= flightBytesMax;
  }

  get isClosed(): boolean {
    return this.#isOver;
  }

  take(writer: Writer, timeoutMs: number): void {
    const { key, value } = writer.request;
    this.#writers.push(writer);
    this.#bytes += key.length + (value?.length ?? 0);
    this.#timeoutMs = Math.max(this.#timeoutMs, timeoutMs);
  }

  begin(): void {
    this.#writers = this.#writers.filter(({ isOver }) => !isOver);
    if (this.#writers.length === 0) return;
    const { clock, patience, placement } = this.#shell;
    const nowMs = clock.monotonicMs();
    const deadlineAtMs = nowMs + this.#timeoutMs;
    patience.watch(this, nowMs);
    try {
      const own = this.#shell.replica(placement.self);
      const records = this.#encode();
      const count = this.#writers.length;
      const expected = this.#expected();
      for (const writer of this.#writers) writer.hasBegun = true;
      if (own === undefined) this.onAnswers(placement.self, sameAnswer(notSent), 0);
      else own.writeMany({ records, count, expected, deadlineAtMs, isLone: true }, this);
    } catch (error) {
      this.#isOver = true;
      for (const writer of this.#writers) {
        writer.reject(thrownError(toKvError(error), writer.hasBegun ? 'unknown' : 'not-applied'));
      }
    }
  }

  onAnswers(_from: number, answers: WriteAnswers, first: number): void {
    this.#isOver = true;
    const time = serverTime(this.#shell);
    for (let index = 0; index < this.#writers.length; index += 1) {
      this.#tell(index, answers.answerAt(first + index), { answers, time });
    }
  }

  /** Its disk stalls, if anything: those of others need not. */
  patienceIsOver(): void {
    this.#isOver = true;
    for (const writer of this.#writers) writer.fail('deadline', perhapsSent, false);
  }

  #tell(
    index: number,
    answer: WriteAnswer,
    { answers, time }: { readonly answers: WriteAnswers; readonly time: ReplicaWriteResult['serverTime'] },
  ): void {
    const writer = this.#writers[index]!;
    const { decisions, placement } = this.#shell;
    if (answer.kind === 'refused' || answer.kind === 'unreachable') {
      writer.fail('no-quorum', answer, decisions.leftNoTrace(answer));
      return;
    }
    const { request } = writer;
    const stored = decisions.isStoredAlone(answer);
    if (request.leads && stored) this.#spread(index);
    // Field by field: what stands behind a spread would give each result a hidden class of its own.
    const { previous, previousVersion } = previousOf(writer, { answer, time }, this.#shell);
    writer.resolve({
      stored,
      previous,
      previousVersion,
      member: placement.self,
      incarnations: answers.incarnations,
      serverTime: time,
      reserved: request.leads && !writer.isOver ? reserveVersion(this.#shell) : undefined,
    });
  }

  /** To all other owners but the one whom the client gives it. */
  #spread(index: number): void {
    const { placement, spreading } = this.#shell;
    const { key, twin } = this.#writers[index]!.request;
    const owners = placement.owners(partitionOfKey(this.#shell, key));
    const others = owners.filter((member) => member !== placement.self && member !== twin);
    spreading.later.add(this.#records[index]!, 1, others);
  }

  /** All end to end, and each for itself. */
  #encode(): Uint8Array {
    const { observer, records } = this.#shell;
    const fields = this.#writers.map(recordOf);
    const encoded = records.encodeAll(fields);
    let end = 0;
    this.#records = fields.map((each) => encoded.subarray(end, (end += recordBytesOf(each))));
    if (observer?.stamped !== undefined) {
      for (const { request, operationId } of this.#writers) {
        const { key, version } = request;
        observer.stamped({ key, operationId, version, round: 'reserved' });
      }
    }
    return encoded;
  }

  /** Nothing is, so that what was replaced is shown if anybody wants to know. */
  #expected(): Uint8Array | undefined {
    const isWanted = this.#writers.some(({ request }) => request.wantPrevious);
    return isWanted ? new Uint8Array(this.#writers.length * versionBytes) : undefined;
  }
}

function recordOf({ request, operationId }: Writer): RecordFields {
  const { key, value, version } = request;
  const tombstone = value === undefined;
  return { key, value: value ?? noBytes, version, tombstone, expiresAtMs: 0, operationId };
}

/** Rule 13, of this copy. What expired since the version was reserved is none, too. */
function previousOf(
  { request, operationId }: Writer,
  { answer, time }: { readonly answer: WriteAnswer; readonly time: ReplicaWriteResult['serverTime'] },
  { decisions }: Pick<Shell, 'decisions'>,
): Pick<ReplicaWriteResult, 'previous' | 'previousVersion'> {
  const { version, wantPrevious } = request;
  if (!wantPrevious) return { previous: notAsked, previousVersion: undefined };
  const quorum = [{ last: answer, first: undefined }];
  const previous = previousRecord({ stamp: version, firstStamp: undefined, operationId, quorum, decisions });
  const isTold = previous.kind !== 'unknown' && answer.kind === 'stored';
  const isGone = previous.kind === 'value' && isExpired(previous.record, physicalMs(time));
  return {
    previous: isGone ? none : previousValue(previous),
    previousVersion: isTold ? answer.previous?.version : undefined,
  };
}

const none = { kind: 'none' } as const;
const notAsked = { kind: 'not-asked' } as const;
const noBytes = new Uint8Array(0);
