/** Runs tasks in the order in which they came, each after the one before it has ended, however that ended. */
export class OneAtATime {
  #last: Promise<unknown> = Promise.resolve();
  /** Begun or waiting. */
  #tasks = 0;

  /** Whoever does something within a call is alone with it. */
  get isIdle(): boolean {
    return this.#tasks === 0;
  }

  run<Result>(task: () => Promise<Result>): Promise<Result> {
    this.#tasks += 1;
    const result = this.#last.then(task);
    this.#last = result.then(this.#ended, this.#ended);
    return result;
  }

  readonly #ended = (): void => {
    this.#tasks -= 1;
  };
}
