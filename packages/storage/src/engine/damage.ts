/** What a recovery found: which partitions may have lost records, and why. Only ever grows. */
export class Damage {
  readonly #count: number;
  readonly #partitions = new Set<number>();
  readonly #reasons: string[] = [];

  constructor(partitions: number) {
    this.#count = partitions;
  }

  get partitions(): ReadonlySet<number> {
    return this.#partitions;
  }

  /** One sentence for each, in the order found. */
  get reasons(): readonly string[] {
    return this.#reasons;
  }

  add(partitions: Iterable<number>, reason: string): void {
    for (const partition of partitions) this.#partitions.add(partition);
    this.#reasons.push(reason);
  }

  /** Nothing says which partitions the lost records were of. */
  addAll(reason: string): void {
    for (let partition = 0; partition < this.#count; partition += 1) this.#partitions.add(partition);
    this.#reasons.push(`${reason}: every partition is concerned`);
  }
}
