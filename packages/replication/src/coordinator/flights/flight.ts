/** What flights of reads and of writes have in common: who is aboard, what was heard, and who goes on alone. */
import type { ConsistencyLevel } from '../../consistency-level.js';
import { incarnationOf, Incarnations } from '../../cores/incarnations.js';
import { neverSentError } from '../../errors.js';
import type { Answers, AnswersReceiver } from '../../replica/answers.js';
import type { RunningOperation } from '../caller.js';
import { Asking, type AskingFlight } from './asking.js';
import type { Waiting } from '../patience.js';
import { requiredFor, type Shell } from '../shell.js';

/** An operation aboard a flight. */
export abstract class Passenger<Answer> implements RunningOperation {
  readonly flight: { abandon(passenger: Passenger<Answer>): void };
  readonly timeoutMs: number;
  /** By the monotonic clock. */
  endsAtMs = 0;
  /** Its caller was told. */
  isOver = false;
  /** As which it goes on alone. */
  operation: LoneOperation<Answer> | undefined = undefined;

  constructor(flight: { abandon(passenger: Passenger<Answer>): void }, timeoutMs: number) {
    this.flight = flight;
    this.timeoutMs = timeoutMs;
  }

  abstract readonly level: ConsistencyLevel;
  /** Its caller is told, and nothing of it was sent. */
  abstract reject(error: unknown): void;

  abandon(): void {
    this.flight.abandon(this);
  }
}

export interface LoneOperation<Answer> extends RunningOperation {
  start(): void;
  onAnswer(from: number, round: number, answer: Answer): void;
  onImpatient(): void;
}

/** What one owner said. */
export interface Heard<Batch> {
  readonly member: number;
  readonly answers: Batch;
  /** Where those to this flight begin. */
  readonly first: number;
}

export interface FlightBounds {
  readonly operationsMax: number;
  readonly bytesMax: number;
}

export abstract class Flight<
  Aboard extends Passenger<Answer>,
  Answer,
  Batch extends Answers<Answer>,
  Alone extends LoneOperation<Answer>,
>
  implements Waiting, AskingFlight, AnswersReceiver<Batch>
{
  protected readonly shell: Shell;
  /** Who is asked. */
  protected readonly members: readonly number[];
  protected passengers: Aboard[] = [];
  protected readonly heard: Heard<Batch>[] = [];
  readonly #bounds: FlightBounds;
  readonly #incarnations: Incarnations;
  readonly #asking: Asking;
  #bytes = 0;
  #hasLeft = false;
  /** Aboard, and not told. */
  #unanswered = 0;
  #goesOnAlone = false;
  #unreached = 0;
  #isImpatient = false;
  #cancelTimer: (() => void) | undefined;

  constructor(shell: Shell, members: readonly number[], bounds: FlightBounds) {
    this.shell = shell;
    this.members = members;
    this.#bounds = bounds;
    this.#incarnations = new Incarnations(shell.decisions);
    this.#asking = new Asking(shell, this);
  }

  /** False, or thrown: something is in its way, which it has to meet alone. */
  protected abstract prepare(passenger: Aboard): boolean;
  /** Makes the message. Thrown: none of its passengers flies. */
  protected abstract pack(deadlineAtMs: number): void;
  /** Sends it. */
  abstract ask(member: number): void;
  /** An operation of its own for it, not begun. */
  protected abstract alone(passenger: Aboard, timeoutMs: number): Alone;
  /** Begins one whose first round was sent. */
  protected abstract goOn(operation: Alone, passenger: Aboard): void;
  /** What the last that was heard means for one that waits. */
  protected abstract judge(passenger: Aboard, index: number): 'told' | 'wait' | 'leave';
  /** What a core is told of an answer. */
  protected answerTo(_passenger: Aboard, answers: Batch, index: number): Answer {
    return answers.answerAt(index);
  }
  /** The last that was heard came after its caller was told. */
  protected heardLate?(passenger: Aboard, index: number): void;
  /** Nobody aboard waits any more, and somebody has not answered. @returns whether to stay and hear that */
  protected staysLate(): boolean {
    return false;
  }
  /** Everybody who was asked has answered. */
  protected landed?(): void;
  /** All aboard were told without these owners. @returns whether to ask them all the same, a moment later */
  protected asksSpared?(members: readonly number[]): boolean;

  /** So many owners must say the same. */
  protected quorumOf({ level }: Aboard): number {
    return this.shell.decisions.flightQuorum(requiredFor(this.shell, level));
  }

  /** So many owners are asked at first; the others if one of these is late, or somebody leaves. What is enough costs the least. */
  protected askedAtFirst(): number {
    return this.passengers.reduce((most, passenger) => Math.max(most, this.quorumOf(passenger)), 0);
  }

  /** One operation, for which one owner is asked. */
  protected isLone(): boolean {
    return this.passengers.length === 1 && this.askedAtFirst() === 1;
  }

  get isClosed(): boolean {
    return this.#unanswered === 0;
  }

  /** Of the keys and values aboard. */
  protected get bytes(): number {
    return this.#bytes;
  }

  takes(bytes: number): boolean {
    const { operationsMax, bytesMax } = this.#bounds;
    const { length } = this.passengers;
    return length < operationsMax && (length === 0 || this.#bytes + bytes <= bytesMax);
  }

  board(passenger: Aboard, bytes: number): RunningOperation {
    this.passengers.push(passenger);
    this.#bytes += bytes;
    return passenger;
  }

  depart(): void {
    this.#hasLeft = true;
    const nowMs = this.shell.clock.monotonicMs();
    let latestMs = 0;
    for (const passenger of this.passengers) {
      passenger.endsAtMs = nowMs + passenger.timeoutMs;
      latestMs = Math.max(latestMs, passenger.endsAtMs);
    }
    this.passengers = this.passengers.filter((passenger) => this.#isReady(passenger));
    if (this.passengers.length === 0 || !this.#isPacked(latestMs)) return;
    this.#unanswered = this.passengers.length;
    this.shell.aboard.operations += this.#unanswered;
    this.shell.patience.watch(this, nowMs);
    const { members } = this;
    this.#asking.begin({ members, operations: this.passengers.length, first: this.askedAtFirst() }, nowMs);
  }

  #isReady(passenger: Aboard): boolean {
    if (passenger.isOver) return false;
    try {
      const { length } = this.members;
      if (length >= requiredFor(this.shell, passenger.level) && this.prepare(passenger)) return true;
    } catch {
      // Alone it meets the same, and knows whom to tell.
    }
    this.#startAlone(passenger);
    return false;
  }

  #isPacked(deadlineAtMs: number): boolean {
    try {
      this.pack(deadlineAtMs);
      return true;
    } catch {
      for (const passenger of this.passengers) this.#startAlone(passenger);
      this.passengers = [];
      return false;
    }
  }

  #startAlone(passenger: Aboard): void {
    const operation = this.alone(passenger, passenger.timeoutMs);
    passenger.operation = operation;
    operation.start();
  }

  onAnswers(from: number, answers: Batch, first: number): void {
    this.heard.push({ member: from, answers, first });
    this.#asking.heard(from, answers);
    if (answers.isNone) this.#unreached += 1;
    // Rule 15: what an incarnation said that is gone counts for nothing, and which answers remain only a core can tell.
    const isSound = !this.#incarnations.hear(answers) || !this.#isOutdated();
    const { passengers } = this;
    for (let index = 0; index < passengers.length; index += 1) {
      const passenger = passengers[index]!;
      if (passenger.operation !== undefined) {
        passenger.operation.onAnswer(from, firstRound, this.answerTo(passenger, answers, first + index));
      } else if (passenger.isOver) this.heardLate?.(passenger, index);
      else this.#judge(passenger, index, isSound);
    }
    const isNotEnough = this.#unanswered > 0 && this.#asking.isAnswered;
    if (this.#goesOnAlone || answers.isNone || isNotEnough) this.#asking.askRest();
    this.#noteEnd();
  }

  /** The operations that go on alone have timers of their own. */
  patienceIsOver(): void {
    this.#asking.askRest();
    this.#isImpatient = true;
    let soonestMs = Infinity;
    for (const { endsAtMs } of this.passengers) soonestMs = Math.min(soonestMs, endsAtMs);
    const inMs = Math.max(0, soonestMs - this.shell.clock.monotonicMs());
    this.#cancelTimer = this.shell.timers.after(inMs, () => this.#leaveAll());
  }

  abandon(passenger: Aboard): void {
    if (passenger.operation === undefined && !passenger.isOver) {
      if (this.#hasLeft) this.#leave(passenger, this.passengers.indexOf(passenger));
      else {
        passenger.isOver = true;
        passenger.reject(neverSentError('client-gone', undefined));
      }
    }
    passenger.operation?.abandon();
  }

  #judge(passenger: Aboard, index: number, isSound: boolean): void {
    const canHear = this.members.length - this.#unreached >= requiredFor(this.shell, passenger.level);
    const verdict = isSound && canHear ? this.judge(passenger, index) : 'leave';
    if (verdict === 'leave') this.#leave(passenger, index);
    else if (verdict === 'told') {
      passenger.isOver = true;
      this.#disembark();
    }
  }

  #disembark(): void {
    this.#unanswered -= 1;
    this.shell.aboard.operations -= 1;
  }

  #isOutdated(): boolean {
    return this.heard.some(({ member, answers }) =>
      this.#incarnations.isOutdated(member, incarnationOf(member, answers)),
    );
  }

  #leaveAll(): void {
    for (const [index, passenger] of this.passengers.entries()) {
      if (passenger.operation === undefined && !passenger.isOver) this.#leave(passenger, index);
    }
    this.#noteEnd();
  }

  /** It goes on alone, and is told what was heard. */
  #leave(passenger: Aboard, index: number): void {
    this.#disembark();
    this.#goesOnAlone = true;
    const timeoutMs = Math.max(0, passenger.endsAtMs - this.shell.clock.monotonicMs());
    const operation = this.alone(passenger, timeoutMs);
    this.goOn(operation, passenger);
    passenger.operation = operation;
    for (const { member, answers, first } of this.heard) {
      operation.onAnswer(member, firstRound, this.answerTo(passenger, answers, first + index));
    }
    if (this.#isImpatient) operation.onImpatient();
  }

  #noteEnd(): void {
    if (this.#unanswered > 0) return;
    this.#cancelTimer?.();
    this.#spareRest();
    const isComplete = this.#asking.isOver;
    // Whoever has not answered keeps nothing in memory here for longer than needed.
    const isWaitedFor = !isComplete && (this.staysLate() || this.#goesOnAlone);
    if (!isWaitedFor) this.passengers = [];
    if (isComplete) this.landed?.();
  }

  #spareRest(): void {
    const { rest } = this.#asking;
    if (rest.length === 0) return;
    if (this.asksSpared?.(rest) === true) this.#asking.askRestLater();
    else this.#asking.forgetRest();
  }
}

/** Cores count rounds; a flight is the first one of all that are aboard. */
const firstRound = 1;
