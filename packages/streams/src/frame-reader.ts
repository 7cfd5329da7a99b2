/** The other half of `encodeFramed` of @kv/proto, where the prefix of each message is described. */
import { internalStatus, resourceExhaustedStatus } from './status.js';

const prefixBytes = 5;

export class UnreadableFrame extends Error {
  /** Number of google.rpc.Code. */
  readonly status: number;

  constructor(reason: string, status: number) {
    super(reason);
    this.status = status;
  }
}

/** Cuts what arrives into messages, wherever the network cut it. */
export class FrameReader {
  readonly #bytesMax: number;
  readonly #onMessage: (message: Buffer) => void;
  readonly #prefix = Buffer.alloc(prefixBytes);
  #prefixFilled = 0;
  #message: Buffer | undefined;
  #messageFilled = 0;

  /** `onMessage` gets a view that nobody overwrites; what it throws, `push` throws. */
  constructor({ bytesMax, onMessage }: { bytesMax: number; onMessage: (message: Buffer) => void }) {
    this.#bytesMax = bytesMax;
    this.#onMessage = onMessage;
  }

  /** @throws UnreadableFrame if a message is compressed or larger than `bytesMax`; the stream is of no use then */
  push(chunk: Buffer): void {
    let at = 0;
    while (at < chunk.length) {
      if (this.#message !== undefined) at += this.#fillMessage(this.#message, chunk, at);
      else if (this.#prefixFilled === 0 && chunk.length - at >= prefixBytes) at += this.#whole(chunk, at);
      else at += this.#fillPrefix(chunk, at);
    }
  }

  /** The usual case: a message that lies in one chunk is handed on as it lies there. */
  #whole(chunk: Buffer, at: number): number {
    const length = this.#checkedLength(chunk, at);
    const end = at + prefixBytes + length;
    if (end > chunk.length) {
      this.#begin(length);
      return prefixBytes;
    }
    this.#onMessage(chunk.subarray(at + prefixBytes, end));
    return end - at;
  }

  #fillPrefix(chunk: Buffer, at: number): number {
    const copied = chunk.copy(this.#prefix, this.#prefixFilled, at);
    this.#prefixFilled += copied;
    if (this.#prefixFilled === prefixBytes) {
      this.#prefixFilled = 0;
      this.#begin(this.#checkedLength(this.#prefix, 0));
    }
    return copied;
  }

  #begin(length: number): void {
    this.#message = Buffer.allocUnsafeSlow(length);
    this.#messageFilled = 0;
    if (length === 0) this.#finish(this.#message);
  }

  #fillMessage(message: Buffer, chunk: Buffer, at: number): number {
    const copied = chunk.copy(message, this.#messageFilled, at);
    this.#messageFilled += copied;
    if (this.#messageFilled === message.length) this.#finish(message);
    return copied;
  }

  #finish(message: Buffer): void {
    this.#message = undefined;
    this.#onMessage(message);
  }

  #checkedLength(bytes: Buffer, at: number): number {
    const length = bytes.readUInt32BE(at + 1);
    if (bytes[at] !== 0) throw new UnreadableFrame('a message is compressed', internalStatus);
    if (length > this.#bytesMax) {
      const reason = `a message has ${length} bytes, at most ${this.#bytesMax} are accepted`;
      throw new UnreadableFrame(reason, resourceExhaustedStatus);
    }
    return length;
  }
}
