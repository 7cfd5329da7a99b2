/**
 * Reads a SessionResponse without objects for each result and what it holds: one of each serves all. What it understands is
 * exactly what the generated code does, but for damaged messages, of which it accepts fewer.
 */
import { Error as ErrorMessage } from './gen/kv/v1/error.js';
import {
  type GetResponse,
  type OperationResult,
  PreviousState,
  type PutResponse,
  TicketResponse,
  type Version,
} from './gen/kv/v1/kv.js';
import { noBytes, WireReader } from './wire-reader.js';

const noBuffer: Buffer = Buffer.alloc(0);

export class SessionResults {
  readonly #result = new ResultFields();
  #wire = new WireReader(noBytes);

  /** Begins another message. */
  begin(message: Buffer): void {
    this.#wire = new WireReader(message);
  }

  /**
   * @returns the next result, good until the one after it is asked for; undefined at the end
   * @throws RangeError if the bytes are no SessionResponse
   */
  next(): OperationResult | undefined {
    const wire = this.#wire;
    while (wire.hasMore()) {
      const tag = wire.uint32();
      if (tag === 10) {
        this.#result.read(wire);
        return this.#result;
      }
      wire.skip(tag);
    }
    return undefined;
  }
}

class ResultFields implements OperationResult {
  id = 0;
  get: GetFields | undefined = undefined;
  put: WriteFields | undefined = undefined;
  delete: WriteFields | undefined = undefined;
  ticket: TicketResponse | undefined = undefined;
  error: ErrorMessage | undefined = undefined;
  readonly #get = new GetFields();
  readonly #put = new WriteFields();
  readonly #delete = new WriteFields();

  read(wire: WireReader): void {
    const end = wire.enter();
    this.id = 0;
    this.get = undefined;
    this.put = undefined;
    this.delete = undefined;
    this.ticket = undefined;
    this.error = undefined;
    while (wire.hasMore()) {
      const tag = wire.uint32();
      switch (tag) {
        case 8:
          this.id = wire.uint32();
          break;
        case 18:
          this.#get.read(wire);
          this.get = this.#get;
          break;
        case 26:
          this.#put.read(wire);
          this.put = this.#put;
          break;
        case 34:
          this.#delete.read(wire);
          this.delete = this.#delete;
          break;
        case 42:
          this.ticket = TicketResponse.decode(wire.part());
          break;
        case 50:
          this.error = ErrorMessage.decode(wire.part());
          break;
        default:
          wire.skip(tag);
      }
    }
    wire.leave(end);
  }
}

class GetFields implements GetResponse {
  found = false;
  value = noBuffer;
  version: VersionFields | undefined = undefined;
  expiresAtMs = 0;
  serverTime = 0;
  readonly #version = new VersionFields();

  read(wire: WireReader): void {
    const end = wire.enter();
    this.found = false;
    this.value = noBuffer;
    this.version = undefined;
    this.expiresAtMs = 0;
    this.serverTime = 0;
    while (wire.hasMore()) {
      const tag = wire.uint32();
      switch (tag) {
        case 8:
          this.found = wire.bool();
          break;
        case 18:
          this.value = wire.part() as Buffer;
          break;
        case 26:
          this.#version.read(wire);
          this.version = this.#version;
          break;
        case 32:
          this.expiresAtMs = wire.int64();
          break;
        case 41:
          this.serverTime = wire.fixed64();
          break;
        default:
          wire.skip(tag);
      }
    }
    wire.leave(end);
  }
}

/** Of a put and of a delete, which answer alike. */
class WriteFields implements PutResponse {
  version: VersionFields | undefined = undefined;
  previous = PreviousState.UNSPECIFIED;
  previousValue = noBuffer;
  serverTime = 0;
  readonly #version = new VersionFields();

  read(wire: WireReader): void {
    const end = wire.enter();
    this.version = undefined;
    this.previous = PreviousState.UNSPECIFIED;
    this.previousValue = noBuffer;
    this.serverTime = 0;
    while (wire.hasMore()) {
      const tag = wire.uint32();
      switch (tag) {
        case 10:
          this.#version.read(wire);
          this.version = this.#version;
          break;
        case 16:
          this.previous = readState(wire);
          break;
        case 26:
          this.previousValue = wire.part() as Buffer;
          break;
        case 33:
          this.serverTime = wire.fixed64();
          break;
        default:
          wire.skip(tag);
      }
    }
    wire.leave(end);
  }
}

class VersionFields implements Version {
  timestamp = 0;
  node = 0;

  read(wire: WireReader): void {
    const end = wire.enter();
    this.timestamp = 0;
    this.node = 0;
    while (wire.hasMore()) {
      const tag = wire.uint32();
      switch (tag) {
        case 9:
          this.timestamp = wire.fixed64();
          break;
        case 16:
          this.node = wire.uint32();
          break;
        default:
          wire.skip(tag);
      }
    }
    wire.leave(end);
  }
}

function readState(wire: WireReader): PreviousState {
  // eslint-disable-next-line @typescript-eslint/no-unsafe-enum-assignment -- an open enum, as the generated code has it
  return wire.int32();
}
