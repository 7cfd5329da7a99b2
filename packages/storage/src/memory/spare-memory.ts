/**
 * Memory of segments that were dropped, for the next ones. Left to the garbage collector it would come back only with a
 * collection of everything, which V8 begins after each 64 MiB of it: every two seconds, at a hundred thousand writes a
 * second, with marking threads that take the processors from everybody else.
 */
export class SpareMemory {
  /** The oldest first. */
  readonly #pieces: ArrayBuffer[] = [];

  put(piece: ArrayBuffer): void {
    this.#pieces.push(piece);
    if (this.#pieces.length > piecesMax) this.#pieces.shift();
  }

  take(bytes: number): ArrayBuffer | undefined {
    const at = this.#pieces.findIndex(({ byteLength }) => byteLength === bytes);
    return at < 0 ? undefined : this.#pieces.splice(at, 1)[0];
  }
}

/** Segments are a twenty-fourth of the whole. As fast as they are filled others are cleaned: there need not be many. */
const piecesMax = 2;
