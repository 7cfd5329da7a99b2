import { flightBytesMax, flightOperationsMax } from '../limits.js';
import type { AnswersReceiver, WriteAnswers } from '../replica/answers.js';
import type { Afterwards, Unhurried } from './afterwards.js';
import type { Shell } from './shell.js';

interface SpreadingShell extends Pick<Shell, 'askingOrder' | 'clock' | 'options' | 'replica'> {
  readonly afterwards: Afterwards;
}

/**
 * Gives records to owners that their acknowledgements did not need, those of some milliseconds in one message. What comes of it is
 * anti-entropy's to find out.
 */
export class Spreading implements Unhurried {
  readonly #shell: SpreadingShell;
  /** By the owner. */
  #waiting = new Map<number, { records: Uint8Array[]; count: number }>();
  #count = 0;
  #bytes = 0;
  #isAwaited = false;

  constructor(shell: SpreadingShell) {
    this.#shell = shell;
  }

  /** @param records so many, end to end */
  add(records: Uint8Array, count: number, members: readonly number[]): void {
    if (members.length === 0) return;
    if (this.#count + count > flightOperationsMax || this.#bytes + records.length > flightBytesMax)
      this.#send();
    this.#count += count;
    this.#bytes += records.length;
    for (const member of members) {
      const waiting = this.#waiting.get(member);
      if (waiting === undefined) this.#waiting.set(member, { records: [records], count });
      else {
        waiting.records.push(records);
        waiting.count += count;
      }
    }
    if (this.#isAwaited) return;
    this.#isAwaited = true;
    this.#shell.afterwards.add(this);
  }

  followUp(): void {
    this.#isAwaited = false;
    this.#send();
  }

  #send(): void {
    const { clock, options, replica } = this.#shell;
    const waiting = this.#waiting;
    this.#waiting = new Map();
    this.#count = 0;
    this.#bytes = 0;
    const nowMs = clock.monotonicMs();
    const deadlineAtMs = nowMs + options.requestTimeoutMs;
    const receiver = new Punctuality(this.#shell, nowMs);
    for (const [member, { records, count }] of waiting) {
      const message = { records: endToEnd(records), count, expected: undefined, deadlineAtMs, isLone: false };
      replica(member)?.writeMany(message, receiver);
    }
  }
}

/** Nobody waits for the answers; they only tell who is late, and who no longer is. */
class Punctuality implements AnswersReceiver<WriteAnswers> {
  readonly #shell: Pick<Shell, 'askingOrder' | 'clock'>;
  readonly #sentAtMs: number;

  constructor(shell: Pick<Shell, 'askingOrder' | 'clock'>, sentAtMs: number) {
    this.#shell = shell;
    this.#sentAtMs = sentAtMs;
  }

  onAnswers(from: number, answers: WriteAnswers): void {
    const { askingOrder, clock } = this.#shell;
    askingOrder.heard(from, answers, clock.monotonicMs() - this.#sentAtMs);
  }
}

function endToEnd(records: readonly Uint8Array[]): Uint8Array {
  return records.length === 1 ? records[0]! : Buffer.concat(records);
}
