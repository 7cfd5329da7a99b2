/**
 * Reads a SessionRequest without an object for each operation and each request in it. What it understands is exactly
 * what the generated code does, but for damaged messages, of which it accepts fewer.
 */
import { ConsistencyLevel } from './gen/kv/v1/kv.js';
import { noBytes, WireReader } from './wire-reader.js';

/** The fields of one operation and of what it asks for; those of other requests are empty. Names as in kv.proto. */
export interface OperationFields {
  readonly id: number;
  readonly timeoutMs: number;
  readonly request: 'get' | 'put' | 'delete' | 'ticket' | 'replicaRead' | 'replicaWrite' | undefined;
  /** A view, as are all bytes here. */
  readonly key: Uint8Array;
  readonly value: Uint8Array;
  /** Perhaps none of them: whatever the message says. */
  readonly consistency: ConsistencyLevel;
  readonly ttlMs: number;
  readonly omitPrevious: boolean;
  readonly omitValue: boolean;
  readonly tombstone: boolean;
  readonly leads: boolean;
  readonly twin: number;
  readonly reserve: boolean;
  readonly operationId: Uint8Array;
  readonly stampAbove: number;
  readonly stampNotAfter: number;
  /** The version that it shall be stored as. */
  readonly ticket: { readonly timestamp: number; readonly node: number } | undefined;
}

/**
 * `onOperation` is given the same object each time, and takes what it needs out of it.
 *
 * @returns the ids of `cancelled`
 * @throws RangeError if the bytes are no SessionRequest; some operations may have been told by then
 */
export function readSessionRequest(
  message: Uint8Array,
  onOperation: (operation: OperationFields) => void,
): readonly number[] {
  const wire = new WireReader(message);
  const operation = new OperationReader(wire);
  const cancelled: number[] = [];
  while (wire.hasMore()) {
    const tag = wire.uint32();
    if (tag === 10) {
      operation.read();
      onOperation(operation);
    } else if (tag === 18) {
      const end = wire.enter();
      while (wire.hasMore()) cancelled.push(wire.uint32());
      wire.leave(end);
    } else if (tag === 16) cancelled.push(wire.uint32());
    else wire.skip(tag);
  }
  return cancelled;
}

class OperationReader implements OperationFields {
  id = 0;
  timeoutMs = 0;
  request: OperationFields['request'];
  key = noBytes;
  value = noBytes;
  consistency = ConsistencyLevel.UNSPECIFIED;
  ttlMs = 0;
  omitPrevious = false;
  omitValue = false;
  tombstone = false;
  leads = false;
  twin = 0;
  reserve = false;
  operationId = noBytes;
  stampAbove = 0;
  stampNotAfter = 0;
  ticket: OperationFields['ticket'];
  readonly #wire: WireReader;

  constructor(wire: WireReader) {
    this.#wire = wire;
  }

  read(): void {
    const wire = this.#wire;
    const end = wire.enter();
    this.id = 0;
    this.timeoutMs = 0;
    this.#begin(undefined);
    while (wire.hasMore()) {
      const tag = wire.uint32();
      switch (tag) {
        case 8:
          this.id = wire.uint32();
          break;
        case 16:
          this.timeoutMs = wire.uint32();
          break;
        case 26:
          this.#readGet();
          break;
        case 34:
          this.#readPut();
          break;
        case 42:
          this.#readDelete();
          break;
        case 50:
          this.#readTicket();
          break;
        case 58:
          this.#readReplicaRead();
          break;
        case 66:
          this.#readReplicaWrite();
          break;
        default:
          wire.skip(tag);
      }
    }
    wire.leave(end);
  }

  /** Of several requests the last one counts; of one that comes in parts, all of them. */
  #begin(request: OperationFields['request']): void {
    if (request !== undefined && this.request === request) return;
    this.request = request;
    this.key = noBytes;
    this.value = noBytes;
    this.consistency = ConsistencyLevel.UNSPECIFIED;
    this.ttlMs = 0;
    this.omitPrevious = false;
    this.omitValue = false;
    this.tombstone = false;
    this.leads = false;
    this.twin = 0;
    this.reserve = false;
    this.operationId = noBytes;
    this.stampAbove = 0;
    this.stampNotAfter = 0;
    this.ticket = undefined;
  }

  #readGet(): void {
    const wire = this.#wire;
    const end = wire.enter();
    this.#begin('get');
    while (wire.hasMore()) {
      const tag = wire.uint32();
      switch (tag) {
        case 10:
          this.key = wire.bytes();
          break;
        case 16:
          this.consistency = readLevel(wire);
          break;
        default:
          wire.skip(tag);
      }
    }
    wire.leave(end);
  }

  #readPut(): void {
    const wire = this.#wire;
    const end = wire.enter();
    this.#begin('put');
    while (wire.hasMore()) {
      const tag = wire.uint32();
      switch (tag) {
        case 10:
          this.key = wire.bytes();
          break;
        case 18:
          this.value = wire.bytes();
          break;
        case 24:
          this.consistency = readLevel(wire);
          break;
        case 32:
          this.ttlMs = wire.int64();
          break;
        case 40:
          this.omitPrevious = wire.bool();
          break;
        case 50:
          this.operationId = wire.bytes();
          break;
        case 57:
          this.stampAbove = wire.fixed64();
          break;
        case 65:
          this.stampNotAfter = wire.fixed64();
          break;
        case 74:
          this.#readVersion();
          break;
        case 80:
          this.reserve = wire.bool();
          break;
        default:
          wire.skip(tag);
      }
    }
    wire.leave(end);
  }

  #readDelete(): void {
    const wire = this.#wire;
    const end = wire.enter();
    this.#begin('delete');
    while (wire.hasMore()) {
      const tag = wire.uint32();
      switch (tag) {
        case 10:
          this.key = wire.bytes();
          break;
        case 16:
          this.consistency = readLevel(wire);
          break;
        case 24:
          this.omitPrevious = wire.bool();
          break;
        case 34:
          this.operationId = wire.bytes();
          break;
        case 41:
          this.stampAbove = wire.fixed64();
          break;
        case 49:
          this.stampNotAfter = wire.fixed64();
          break;
        case 58:
          this.#readVersion();
          break;
        case 64:
          this.reserve = wire.bool();
          break;
        default:
          wire.skip(tag);
      }
    }
    wire.leave(end);
  }

  #readTicket(): void {
    const wire = this.#wire;
    const end = wire.enter();
    this.#begin('ticket');
    while (wire.hasMore()) {
      const tag = wire.uint32();
      switch (tag) {
        case 10:
          this.key = wire.bytes();
          break;
        case 17:
          this.stampAbove = wire.fixed64();
          break;
        case 25:
          this.stampNotAfter = wire.fixed64();
          break;
        default:
          wire.skip(tag);
      }
    }
    wire.leave(end);
  }

  #readReplicaRead(): void {
    const wire = this.#wire;
    const end = wire.enter();
    this.#begin('replicaRead');
    while (wire.hasMore()) {
      const tag = wire.uint32();
      switch (tag) {
        case 10:
          this.key = wire.bytes();
          break;
        case 16:
          this.omitValue = wire.bool();
          break;
        default:
          wire.skip(tag);
      }
    }
    wire.leave(end);
  }

  #readReplicaWrite(): void {
    const wire = this.#wire;
    const end = wire.enter();
    this.#begin('replicaWrite');
    while (wire.hasMore()) {
      const tag = wire.uint32();
      switch (tag) {
        case 10:
          this.key = wire.bytes();
          break;
        case 18:
          this.value = wire.bytes();
          break;
        case 24:
          this.tombstone = wire.bool();
          break;
        case 34:
          this.#readVersion();
          break;
        case 40:
          this.omitPrevious = wire.bool();
          break;
        case 50:
          this.operationId = wire.bytes();
          break;
        case 56:
          this.leads = wire.bool();
          break;
        case 64:
          this.twin = wire.uint32();
          break;
        default:
          wire.skip(tag);
      }
    }
    wire.leave(end);
  }

  #readVersion(): void {
    const wire = this.#wire;
    const end = wire.enter();
    let { timestamp, node } = this.ticket ?? noVersion;
    while (wire.hasMore()) {
      const tag = wire.uint32();
      switch (tag) {
        case 9:
          timestamp = wire.fixed64();
          break;
        case 16:
          node = wire.uint32();
          break;
        default:
          wire.skip(tag);
      }
    }
    this.ticket = { timestamp, node };
    wire.leave(end);
  }
}

const noVersion = { timestamp: 0, node: 0 };

function readLevel(wire: WireReader): ConsistencyLevel {
  // eslint-disable-next-line @typescript-eslint/no-unsafe-enum-assignment -- an open enum, as the generated code has it
  return wire.int32();
}
