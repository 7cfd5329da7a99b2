import { flightBytesMax, flightOperationsMax } from '../../limits.js';
import type { AnswersReceiver, WriteAnswers } from '../../replica/answers.js';
import type { Unhurried } from '../flights/afterwards.js';
import { partitionOfKey, type Shell } from '../shell.js';

export interface SpreadRecord {
  readonly key: Uint8Array;
  readonly record: Uint8Array;
  /** Another owner that is given it by somebody else. */
  readonly except: number;
}

/**
 * Gives records to their keys' other owners, those of some milliseconds in one message. What comes of it is anti-entropy's to
 * find out.
 */
export class Spreading implements Unhurried, AnswersReceiver<WriteAnswers> {
  readonly #shell: Pick<Shell, 'clock' | 'options' | 'placement' | 'replica' | 'spreading'>;
  /** By the owner. */
  #waiting = new Map<number, Uint8Array[]>();
  #operations = 0;
  #bytes = 0;

  constructor(shell: Shell) {
    this.#shell = shell;
  }

  add({ key, record, except }: SpreadRecord): void {
    const { placement, spreading } = this.#shell;
    if (this.#operations === 0) spreading.add(this);
    this.#operations += 1;
    this.#bytes += record.length;
    for (const member of placement.owners(partitionOfKey(this.#shell, key))) {
      if (member === placement.self || member === except) continue;
      const records = this.#waiting.get(member);
      if (records === undefined) this.#waiting.set(member, [record]);
      else records.push(record);
    }
    if (this.#operations >= flightOperationsMax || this.#bytes >= flightBytesMax) this.followUp();
  }

  followUp(): void {
    const { clock, options, replica } = this.#shell;
    const waiting = this.#waiting;
    this.#waiting = new Map();
    this.#operations = 0;
    this.#bytes = 0;
    const deadlineAtMs = clock.monotonicMs() + options.requestTimeoutMs;
    for (const [member, list] of waiting) {
      const records = Buffer.concat(list);
      const message = { records, count: list.length, expected: undefined, deadlineAtMs, isLone: false };
      replica(member)?.writeMany(message, this);
    }
  }

  onAnswers(): void {
    // Nobody waits.
  }
}
