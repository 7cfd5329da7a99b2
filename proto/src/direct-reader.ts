import _m0 from 'protobufjs/minimal.js';

interface Decoder<Message> {
  decode(input: _m0.Reader | Uint8Array, length?: number): Message;
}

/** As `type.decode` does it, without an object for each number of 64 bits. */
export function decodeDirectly<Message>(type: Decoder<Message>, bytes: Buffer): Message {
  return type.decode(new DirectReader(bytes));
}

/** What the generated code asks of a Long before it takes it for a number. */
class WholeNumber {
  value = 0;

  gt(other: number): boolean {
    return this.value > other;
  }

  lt(other: number): boolean {
    return this.value < other;
  }

  toNumber(): number {
    return this.value;
  }
}

/** One for all: it is read before the next is made. */
const number = new WholeNumber();
const asLong = number as unknown as ReturnType<_m0.Reader['fixed64']>;

class DirectReader extends _m0.BufferReader {
  override fixed64(): ReturnType<_m0.Reader['fixed64']> {
    const { buf, pos } = this;
    if (pos + 8 > this.len) throw new RangeError(`index out of range: ${pos} + 8 > ${this.len}`);
    const low = (buf[pos]! | (buf[pos + 1]! << 8) | (buf[pos + 2]! << 16) | (buf[pos + 3]! << 24)) >>> 0;
    const high = (buf[pos + 4]! | (buf[pos + 5]! << 8) | (buf[pos + 6]! << 16) | (buf[pos + 7]! << 24)) >>> 0;
    this.pos = pos + 8;
    number.value = high * 2 ** 32 + low;
    return asLong;
  }
}
