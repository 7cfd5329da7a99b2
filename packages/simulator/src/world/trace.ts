/** What happened, as a hash over everything and, if asked for, as lines to read. */
export class Trace {
  #low = 0x811c9dc5;
  #high = 0x01000193;
  readonly #words = new Float64Array(1);
  readonly #halves = new Uint32Array(this.#words.buffer);
  /** Undefined: nobody wants to read it, and lines are not even made. */
  readonly #lines: TraceLine[] | undefined;

  constructor({ readable }: { readonly readable: boolean }) {
    this.#lines = readable ? [] : undefined;
  }

  get isReadable(): boolean {
    return this.#lines !== undefined;
  }

  /** Mixes a 32-bit word. */
  word(word: number): void {
    this.#low = Math.imul(this.#low ^ word, 0x01000193);
    this.#high = Math.imul(this.#high ^ (word + (this.#low >>> 15)), 0x85ebca6b);
  }

  /** Mixes any number exactly. */
  number(value: number): void {
    this.#words[0] = value;
    this.word(this.#halves[0]!);
    this.word(this.#halves[1]!);
  }

  text(text: string): void {
    for (let index = 0; index < text.length; index += 1) this.word(text.charCodeAt(index));
    this.word(text.length);
  }

  /** @param line made only if somebody reads it */
  line(atMs: number, who: string, line: () => string): void {
    this.#lines?.push({ atMs, who, text: line() });
  }

  get lines(): readonly TraceLine[] {
    return this.#lines ?? [];
  }

  get hash(): string {
    return hex(this.#high) + hex(this.#low);
  }
}

export interface TraceLine {
  readonly atMs: number;
  readonly who: string;
  readonly text: string;
}

function hex(word: number): string {
  return (word >>> 0).toString(16).padStart(8, '0');
}
