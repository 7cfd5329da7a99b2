/**
 * Writes messages straight into memory. The writer of protobufjs makes an object for each field and lays them out at the
 * end, which for small messages by the hundred is most of the work. The generated code takes this one in its place: it
 * has the methods that the messages of this package use, and gives the same bytes.
 */
import type _m0 from 'protobufjs/minimal.js';

/**
 * Messages are cut from slabs of this size, one after the other. Larger ones are in use for so long that minor collections
 * make them old, and only a collection of everything gives their memory back: which the sum of such memory begins.
 */
const slabBytes = 64 * 1024;

/** With less left in a slab the next message begins a new one. */
const slabRestMin = 4 * 1024;

/** Before each message of a gRPC stream: u8 compressed (always 0 here) · u32 length, big-endian. */
const prefixBytes = 5;

interface Encoder<Message> {
  encode(message: Message, writer?: _m0.Writer): _m0.Writer;
}

/** The message's bytes, in memory that nothing else is written to. */
export function encodeDirectly<Message>(type: Encoder<Message>, message: Message): Buffer {
  writer.begin();
  type.encode(message, writer as unknown as _m0.Writer);
  return writer.end();
}

/** The same behind the prefix that gRPC wants, in one piece, for those who speak HTTP/2 themselves. */
export function encodeFramed<Message>(type: Encoder<Message>, message: Message): Buffer {
  writer.begin();
  writer.skip(prefixBytes);
  type.encode(message, writer as unknown as _m0.Writer);
  return prefixed(writer.end());
}

/** A copy of a message's bytes, behind the same prefix. */
export function framed(message: Uint8Array): Buffer {
  const frame = Buffer.allocUnsafe(prefixBytes + message.length);
  frame.set(message, prefixBytes);
  return prefixed(frame);
}

function prefixed(frame: Buffer): Buffer {
  frame[0] = 0;
  frame.writeUInt32BE(frame.length - prefixBytes, 1);
  return frame;
}

/** A message that grows element by element, beside others that do. */
export class MessageBuilder {
  readonly #writer = new DirectWriter();

  constructor() {
    this.#writer.begin();
  }

  get byteLength(): number {
    return this.#writer.byteLength;
  }

  /** One more element of a repeated field. */
  append<Element>(field: number, type: Encoder<Element>, element: Element): void {
    const writer = this.#writer.uint32((field << 3) | 2).fork();
    type.encode(element, writer as unknown as _m0.Writer);
    writer.ldelim();
  }

  /** The message's bytes, in memory that nothing else is written to. A new one begins. */
  take(): Buffer {
    const bytes = this.#writer.end();
    this.#writer.begin();
    return bytes;
  }
}

class DirectWriter {
  #slab = Buffer.allocUnsafeSlow(slabBytes);
  #start = 0;
  #at = 0;
  /** Where the lengths of open messages go, innermost last. */
  readonly #lengthsAt: number[] = [];
  /** By depth, how many bytes the last length took: the next is likely to take as many. */
  readonly #lengthBytes: number[] = [];

  begin(): void {
    this.#lengthsAt.length = 0;
    // After a message that could not be encoded as well: what it left is written over.
    if (this.#slab.length - this.#at < slabRestMin) {
      this.#slab = Buffer.allocUnsafeSlow(slabBytes);
      this.#at = 0;
    }
    this.#start = this.#at;
  }

  get byteLength(): number {
    return this.#at - this.#start;
  }

  end(): Buffer {
    return this.#slab.subarray(this.#start, this.#at);
  }

  /** Leaves room that is filled later. */
  skip(bytes: number): void {
    this.#reserve(bytes);
    this.#at += bytes;
  }

  uint32(value: number): this {
    this.#reserve(5);
    this.#varint(value >>> 0);
    return this;
  }

  int32(value: number): this {
    return value >= 0 ? this.uint32(value) : this.int64(value);
  }

  bool(value: boolean): this {
    this.#reserve(1);
    this.#slab[this.#at] = value ? 1 : 0;
    this.#at += 1;
    return this;
  }

  /** Negative numbers as two's complement of 64 bits. */
  int64(value: number): this {
    this.#reserve(10);
    let low = value >>> 0;
    let high = Math.floor(value / 2 ** 32) >>> 0;
    while (high > 0) {
      this.#slab[this.#at] = (low & 0x7f) | 0x80;
      this.#at += 1;
      low = ((low >>> 7) | (high << 25)) >>> 0;
      high >>>= 7;
    }
    this.#varint(low);
    return this;
  }

  uint64(value: number): this {
    return this.int64(value);
  }

  fixed32(value: number): this {
    this.#reserve(4);
    this.#at = this.#slab.writeUInt32LE(value >>> 0, this.#at);
    return this;
  }

  fixed64(value: number): this {
    this.#reserve(8);
    const slab = this.#slab;
    const at = this.#at;
    const low = value >>> 0;
    const high = Math.floor(value / 2 ** 32) >>> 0;
    slab[at] = low;
    slab[at + 1] = low >>> 8;
    slab[at + 2] = low >>> 16;
    slab[at + 3] = low >>> 24;
    slab[at + 4] = high;
    slab[at + 5] = high >>> 8;
    slab[at + 6] = high >>> 16;
    slab[at + 7] = high >>> 24;
    this.#at = at + 8;
    return this;
  }

  bytes(value: Uint8Array): this {
    this.#reserve(5 + value.length);
    this.#varint(value.length);
    this.#slab.set(value, this.#at);
    this.#at += value.length;
    return this;
  }

  string(value: string): this {
    const length = Buffer.byteLength(value, 'utf8');
    this.#reserve(5 + length);
    this.#varint(length);
    this.#slab.write(value, this.#at, 'utf8');
    this.#at += length;
    return this;
  }

  /** Begins a message within the message. */
  fork(): this {
    this.#reserve(5);
    const depth = this.#lengthsAt.length;
    this.#lengthsAt.push(this.#at);
    this.#at += this.#lengthBytes[depth] ?? 1;
    return this;
  }

  /** Ends it: its length goes before it. */
  ldelim(): this {
    const depth = this.#lengthsAt.length - 1;
    const guessed = this.#lengthBytes[depth] ?? 1;
    // First of all, as it may move the message, and where its lengths go.
    this.#reserve(5);
    const lengthAt = this.#lengthsAt.pop()!;
    const length = this.#at - lengthAt - guessed;
    const needed = varintBytes(length);
    if (needed !== guessed) {
      this.#slab.copyWithin(lengthAt + needed, lengthAt + guessed, this.#at);
      this.#lengthBytes[depth] = needed;
    }
    this.#at = lengthAt;
    this.#varint(length);
    this.#at += length;
    return this;
  }

  #varint(value: number): void {
    let rest = value;
    while (rest > 0x7f) {
      this.#slab[this.#at] = (rest & 0x7f) | 0x80;
      this.#at += 1;
      rest >>>= 7;
    }
    this.#slab[this.#at] = rest;
    this.#at += 1;
  }

  /** Makes room. The open message moves with all that it has so far; finished ones stay where they are. */
  #reserve(bytes: number): void {
    if (this.#at + bytes <= this.#slab.length) return;
    const begun = this.#slab.subarray(this.#start, this.#at);
    this.#slab = Buffer.allocUnsafeSlow(Math.max(slabBytes, (begun.length + bytes) * 2));
    this.#slab.set(begun);
    for (let depth = 0; depth < this.#lengthsAt.length; depth += 1) this.#lengthsAt[depth]! -= this.#start;
    this.#start = 0;
    this.#at = begun.length;
  }
}

function varintBytes(value: number): number {
  return value < 0x80 ? 1 : value < 0x4000 ? 2 : value < 0x20_0000 ? 3 : value < 0x1000_0000 ? 4 : 5;
}

/** One for all: encoding is never interrupted. */
const writer = new DirectWriter();
