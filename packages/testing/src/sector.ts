/** Bytes that a disk writes as a whole or not at all. */
export const sectorBytes = 512;

const wordsPerSector = sectorBytes / 4;
const imul = Math.imul;

/** What one write put down, laid on whole sectors. Never changed afterwards, so that any number of files may share it. */
export class Chunk {
  readonly bytes: Uint8Array;
  #words: Uint32Array | undefined;

  constructor(sectors: number) {
    this.bytes = new Uint8Array(sectors * sectorBytes);
  }

  get words(): Uint32Array {
    return (this.#words ??= new Uint32Array(this.bytes.buffer));
  }
}

/** The content of one sector: immutable. An absent one is all zeros. */
export class Sector {
  readonly chunk: Chunk;
  /** Byte of the chunk at which it begins. */
  readonly at: number;
  #hashed = false;
  #low = 0;
  #high = 0;

  constructor(chunk: Chunk, at: number) {
    this.chunk = chunk;
    this.at = at;
  }

  /** Adds what this sector, as the `index`-th of a file, counts for in the sum that is the file's hash. Zeros count nothing. */
  addTo(sum: HashSum, index: number, sign: 1 | -1): void {
    if (!this.#hashed) this.#hash();
    if (this.#low === 0 && this.#high === 0) return;
    sum.low = (sum.low + sign * scramble(this.#low ^ imul(index + 1, 0x9e3779b1))) | 0;
    sum.high = (sum.high + sign * scramble(this.#high ^ imul(index + 1, 0x85ebca6b))) | 0;
  }

  #hash(): void {
    this.#hashed = true;
    const { words } = this.chunk;
    const start = this.at / 4;
    let any = 0;
    let low = 0x1b873593;
    let high = 0x2545f491;
    for (let index = start; index < start + wordsPerSector; index += 1) {
      const word = words[index]!;
      any |= word;
      low = imul(low ^ word, 0xcc9e2d51);
      low ^= low >>> 15;
      high = imul(high ^ word, 0xc2b2ae35);
      high ^= high >>> 13;
    }
    if (any === 0) return;
    this.#low = low | 0;
    this.#high = high | 0 || 1;
  }
}

/** Two 32-bit sums: order does not matter, and what was added can be taken out again. */
export interface HashSum {
  low: number;
  high: number;
}

export function scramble(value: number): number {
  let mixed = imul(value ^ (value >>> 16), 0x7feb352d);
  mixed = imul(mixed ^ (mixed >>> 15), 0x846ca68b);
  return mixed ^ (mixed >>> 16);
}
