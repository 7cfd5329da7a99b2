import type { Operation } from './history.js';
import type { CheckerName, Violation } from './verdict.js';

/** What one checker found; messages are written for the first few only. */
export class Findings {
  readonly violations: Violation[] = [];
  judged = 0;
  count = 0;
  readonly #checker: CheckerName;
  readonly #violationsMax: number;

  constructor(checker: CheckerName, violationsMax: number) {
    this.#checker = checker;
    this.#violationsMax = violationsMax;
  }

  report(key: string | undefined, operations: readonly Operation[], message: () => string): void {
    this.count += 1;
    if (this.violations.length >= this.#violationsMax) return;
    this.violations.push({
      checker: this.#checker,
      message: message(),
      key,
      operations: operations.map(({ id }) => id),
    });
  }
}
