/**
 * The encoding of protobuf, read in place: a number of 64 bits takes no object, bytes are views. It accepts what the format
 * allows and nothing else; whatever it throws is a RangeError.
 */
export class WireReader {
  readonly #bytes: Uint8Array;
  readonly #memory: ArrayBufferLike;
  readonly #offset: number;
  #at = 0;
  /** Of the innermost message that was entered. */
  #end: number;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#memory = bytes.buffer;
    this.#offset = bytes.byteOffset;
    this.#end = bytes.length;
  }

  hasMore(): boolean {
    return this.#at < this.#end;
  }

  /** Begins a message within the message. `leave` takes what this returns, once it has no more. */
  enter(): number {
    const outerEnd = this.#end;
    const length = this.uint32();
    this.#end = this.#endAfter(length);
    return outerEnd;
  }

  leave(outerEnd: number): void {
    this.#end = outerEnd;
  }

  /** Of a longer number, as protobuf wants it, the lower 32 bits. */
  uint32(): number {
    const first = this.#byte();
    return first < 0x80 ? first : this.#longer(first);
  }

  int32(): number {
    return this.uint32() | 0;
  }

  /** True if any bit of it is set, also one above the lower 32. */
  bool(): boolean {
    const begin = this.#at;
    this.uint32();
    for (let at = begin; at < this.#at; at += 1) {
      if ((this.#bytes[at]! & 0x7f) !== 0) return true;
    }
    return false;
  }

  int64(): number {
    const at = this.#at;
    const lower = this.uint32();
    // Within 28 bits: nearly every number.
    if (this.#at - at <= 4) return lower;
    const low = this.#sevens(at, 4);
    const middle = this.#sevens(at + 4, 4);
    const high = this.#sevens(at + 8, 2) & 0xff;
    // A negative one is told apart by its uppermost bit, and is what its complement and one add up to.
    return (high & 0x80) === 0
      ? safe(low + middle * 2 ** 28 + high * 2 ** 56)
      : -safe((low ^ bits28) + (middle ^ bits28) * 2 ** 28 + (high ^ 0xff) * 2 ** 56 + 1);
  }

  fixed64(): number {
    const at = this.#at;
    const bytes = this.#bytes;
    this.#at = this.#endAfter(8);
    const low = bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
    const high = bytes[at + 4]! | (bytes[at + 5]! << 8) | (bytes[at + 6]! << 16) | (bytes[at + 7]! << 24);
    return safe((high >>> 0) * 2 ** 32 + (low >>> 0));
  }

  bytes(): Uint8Array {
    const length = this.uint32();
    if (length === 0) return noBytes;
    const at = this.#at;
    this.#at = this.#endAfter(length);
    return new Uint8Array(this.#memory, this.#offset + at, length);
  }

  /** What a newer version, or nobody, knows. */
  skip(tag: number, depth = 0): void {
    if (tag >>> 3 === 0) throw new RangeError('there is no field 0');
    switch (tag & 7) {
      case 0:
        this.uint32();
        return;
      case 1:
        this.#at = this.#endAfter(8);
        return;
      case 2: {
        const length = this.uint32();
        this.#at = this.#endAfter(length);
        return;
      }
      case 3:
        this.#skipGroup(tag, depth);
        return;
      case 5:
        this.#at = this.#endAfter(4);
        return;
      default:
        throw new RangeError(`a field cannot begin with ${tag}`);
    }
  }

  #skipGroup(begin: number, depth: number): void {
    if (depth === groupDepthMax) throw new RangeError(`groups lie ${depth} deep`);
    for (;;) {
      const tag = this.uint32();
      if (tag === begin + 1) return;
      this.skip(tag, depth + 1);
    }
  }

  #longer(first: number): number {
    let value = first & 0x7f;
    for (let shift = 7; shift < 70; shift += 7) {
      const byte = this.#byte();
      if (shift < 32) value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value >>> 0;
    }
    throw new RangeError('a number has more than ten bytes');
  }

  /** So many bytes of a number at most, seven bits each. */
  #sevens(begin: number, count: number): number {
    const end = Math.min(begin + count, this.#at);
    let value = 0;
    for (let at = begin; at < end; at += 1) value |= (this.#bytes[at]! & 0x7f) << (7 * (at - begin));
    return value;
  }

  #byte(): number {
    const at = this.#at;
    this.#at = this.#endAfter(1);
    return this.#bytes[at]!;
  }

  #endAfter(count: number): number {
    const end = this.#at + count;
    if (end > this.#end) throw new RangeError(`cut short: ${count} bytes from ${this.#at}, of ${this.#end}`);
    return end;
  }
}

export const noBytes: Uint8Array = new Uint8Array(0);

const bits28 = 2 ** 28 - 1;

/** As many as protobuf's own libraries accept. */
const groupDepthMax = 100;

function safe(value: number): number {
  if (value <= Number.MAX_SAFE_INTEGER) return value;
  throw new RangeError('a number is larger than MAX_SAFE_INTEGER');
}
