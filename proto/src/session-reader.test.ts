import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import {
  ConsistencyLevel,
  type Operation,
  type OperationFields,
  readSessionRequest,
  SessionRequest,
} from './index.js';

/** Bytes of a message or of a part of it, as any writer of protobuf may choose them. */
type Wire = fc.Arbitrary<readonly number[]>;

function varint(value: bigint, bytesMin: number): number[] {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, value);
  while (rest > 0x7fn || bytes.length + 1 < bytesMin) {
    bytes.push(Number(rest & 0x7fn) | 0x80);
    rest >>= 7n;
  }
  return [...bytes, Number(rest)];
}

/** The generated code takes each number of 32 bits that has more than five bytes for one of ten. */
function varint32(value: bigint, bytesMin: number): number[] {
  const bytes = varint(value, bytesMin);
  return bytes.length > 5 ? varint(value, 10) : bytes;
}

const bytesMin = fc.oneof({ weight: 4, arbitrary: fc.constant(1) }, fc.integer({ min: 2, max: 10 }));
const varintOf = (values: fc.Arbitrary<bigint>, encode = varint32): Wire =>
  fc.tuple(values, bytesMin).map(([value, atLeast]) => encode(value, atLeast));
const concat = (...parts: Wire[]): Wire => fc.tuple(...parts).map((bytes) => bytes.flat());
const field = (number: number, wireType: number, content: Wire): Wire =>
  concat(varintOf(fc.constant(BigInt((number << 3) | wireType))), content);

const edges = [0n, 1n, 127n, 128n, 2n ** 28n - 1n, 2n ** 28n, 2n ** 32n - 1n, 2n ** 32n, 2n ** 53n - 1n];
const naturals = fc.oneof(fc.constantFrom(...edges), fc.bigInt({ min: 0n, max: 2n ** 53n - 1n }));
const integers = fc.tuple(naturals, fc.boolean()).map(([value, isNegative]) => (isNegative ? -value : value));
const anyBits = fc.oneof(naturals, fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }));

const number = (at: number): Wire => field(at, 0, varintOf(anyBits));
const longNumber = (at: number): Wire => field(at, 0, varintOf(integers, varint));
const boolean = (at: number): Wire => field(at, 0, varintOf(fc.bigInt({ min: 0n, max: 2n })));
const timestamp = (at: number): Wire =>
  field(
    at,
    1,
    naturals.map((value) => [...Buffer.from(new BigUint64Array([value]).buffer)]),
  );
const delimited = (at: number, content: Wire): Wire =>
  content.chain((bytes) =>
    field(
      at,
      2,
      varintOf(fc.constant(BigInt(bytes.length))).map((length) => [...length, ...bytes]),
    ),
  );
const someBytes = fc.uint8Array({ maxLength: 200 }).map((bytes) => [...bytes]);
const bytes = (at: number): Wire => delimited(at, someBytes);

const group = (at: number, content: Wire): Wire =>
  concat(field(at, 3, content), field(at, 4, fc.constant([])));
const unknownOf = (at: number): Wire =>
  fc.oneof(
    number(at),
    timestamp(at),
    bytes(at),
    field(
      at,
      5,
      fc.uint8Array({ minLength: 4, maxLength: 4 }).map((four) => [...four]),
    ),
    group(at, concat(number(1), group(2, bytes(3)))),
  );
const unknown = fc.integer({ min: 10, max: 5_000 }).chain(unknownOf);

/** Scalars in any order and number; each of the messages at most once. */
function message(scalars: readonly Wire[], within: Wire = fc.constant([])): Wire {
  const some = fc.array(fc.oneof(unknown, ...scalars), { maxLength: 8 });
  const wrongType = field(1, 5, fc.constant([1, 2, 3, 4]));
  const last = fc.oneof({ weight: 9, arbitrary: fc.constant([]) }, wrongType);
  return fc
    .tuple(some, within, some, last)
    .map(([before, one, after, wrong]) => [...before.flat(), ...one, ...after.flat(), ...wrong]);
}

const optional = (part: Wire): Wire => fc.oneof(part, fc.constant([]));
const version = (at: number): Wire => optional(delimited(at, message([timestamp(1), number(2)])));
const bounds = (first: number): Wire[] => [
  boolean(first),
  bytes(first + 1),
  timestamp(first + 2),
  timestamp(first + 3),
];

const request = fc.oneof(
  fc.constant([]),
  delimited(3, message([bytes(1), number(2)])),
  delimited(
    4,
    message([bytes(1), bytes(2), number(3), longNumber(4), ...bounds(5), boolean(10)], version(9)),
  ),
  delimited(5, message([bytes(1), number(2), ...bounds(3), boolean(8)], version(7))),
  delimited(6, message([bytes(1), timestamp(2), timestamp(3)])),
  delimited(7, message([bytes(1), boolean(2)])),
  delimited(
    8,
    message([bytes(1), bytes(2), boolean(3), boolean(5), bytes(6), boolean(7), number(8)], version(4)),
  ),
);
const operation = delimited(1, message([number(1), number(2)], request));
const packed = delimited(
  2,
  fc.array(varintOf(anyBits), { maxLength: 3 }).map((ids) => ids.flat()),
);
/** The fields of a SessionRequest. */
const fields = fc.array(fc.oneof({ weight: 5, arbitrary: operation }, packed, number(2), unknown), {
  maxLength: 6,
});

interface Read {
  readonly operations: readonly OperationFields[];
  readonly cancelled: readonly number[];
}

function read(message: Uint8Array): Read {
  const operations: OperationFields[] = [];
  const cancelled = readSessionRequest(message, (one) => operations.push(plain(one)));
  return { operations, cancelled };
}

function generated(message: Buffer): Read {
  const { operations, cancelled } = SessionRequest.decode(message);
  return { operations: operations.map(flat), cancelled };
}

function orRangeError<Value>(get: () => Value): Value | undefined {
  try {
    return get();
  } catch (error) {
    expect(error).toBeInstanceOf(RangeError);
    return undefined;
  }
}

/** What was read, as the generated code writes it. */
function written({ operations, cancelled }: Read): Buffer {
  const requests = operations.map(({ id, timeoutMs, request, ...asked }) => ({
    id,
    timeoutMs,
    ...(request === undefined ? {} : { [request]: { ...asked, version: asked.ticket } }),
  }));
  const message = SessionRequest.fromPartial({ operations: requests, cancelled: [...cancelled] });
  return Buffer.from(SessionRequest.encode(message).finish());
}

const none = new Uint8Array(0);
const defaults = {
  key: none,
  value: none,
  consistency: ConsistencyLevel.UNSPECIFIED,
  ttlMs: 0,
  omitPrevious: false,
  omitValue: false,
  tombstone: false,
  leads: false,
  twin: 0,
  reserve: false,
  operationId: none,
  stampAbove: 0,
  stampNotAfter: 0,
  ticket: undefined,
};

const kinds = ['get', 'put', 'delete', 'ticket', 'replicaRead', 'replicaWrite'] as const;

function flat({ id, timeoutMs, ...requests }: Operation): OperationFields {
  const request = kinds.find((name) => requests[name] !== undefined);
  const asked = request === undefined ? {} : requests[request];
  // The version of a write to one replica is read as the ticket of others is.
  const ticket = requests.put?.ticket ?? requests.delete?.ticket ?? requests.replicaWrite?.version;
  return plain({ ...defaults, ...asked, ticket, id, timeoutMs, request });
}

/** Fields and nothing else, to be compared. */
function plain({ id, timeoutMs, request, ...asked }: OperationFields): OperationFields {
  return {
    id,
    timeoutMs,
    request,
    key: Uint8Array.from(asked.key),
    value: Uint8Array.from(asked.value),
    consistency: asked.consistency,
    ttlMs: asked.ttlMs,
    omitPrevious: asked.omitPrevious,
    omitValue: asked.omitValue,
    tombstone: asked.tombstone,
    leads: asked.leads,
    twin: asked.twin,
    reserve: asked.reserve,
    operationId: Uint8Array.from(asked.operationId),
    stampAbove: asked.stampAbove,
    stampNotAfter: asked.stampNotAfter,
    ticket: asked.ticket,
  };
}

const bytesOf = (parts: readonly (readonly number[])[]): Buffer => Buffer.from(parts.flat());
const readPart = (...bytes: number[]) => read(Buffer.from([10, bytes.length, ...bytes])).operations[0];

describe('a request of a session, read in place', () => {
  it('is understood as the generated code does, however it was written', () => {
    fc.assert(
      fc.property(fields, (parts) => {
        const message = bytesOf(parts);
        expect(read(message)).toEqual(generated(message));
      }),
      { numRuns: 500 },
    );
  });

  it('is refused wherever it is cut, but between two fields', () => {
    fc.assert(
      fc.property(fields, (parts) => {
        const message = bytesOf(parts);
        const whole = new Set(parts.map((_, count) => bytesOf(parts.slice(0, count)).length));
        for (let length = 0; length < message.length; length += 1) {
          const cut = message.subarray(0, length);
          if (whole.has(length)) expect(read(cut)).toEqual(generated(cut));
          else expect(() => read(cut)).toThrow(RangeError);
        }
      }),
      { numRuns: 30 },
    );
  });

  it('is a RangeError if it is damaged, unless it still says something', () => {
    const damage = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 3 });
    fc.assert(
      fc.property(fields, damage, (parts, changes) => {
        const message = bytesOf(parts);
        for (const [at, byte] of changes) if (message.length > 0) message[at % message.length] = byte;
        const said = orRangeError(() => read(message));
        if (said !== undefined) expect(read(written(said))).toEqual(said);
      }),
      { numRuns: 1_000 },
    );
  });

  it('takes the last of several requests, and all parts of one', () => {
    const get = [26, 3, 10, 1, 65];
    const put = [34, 3, 18, 1, 66];
    expect(readPart(...get, ...put)).toEqual({
      ...plain({ ...defaults, id: 0, timeoutMs: 0, request: 'put' }),
      value: Uint8Array.of(66),
    });
    expect(readPart(...put, ...get)).toMatchObject({ request: 'get', value: none });
    expect(readPart(...get, 26, 2, 16, 3)).toMatchObject({ key: Uint8Array.of(65), consistency: 3 });
    const ticket = (...version: number[]) => [34, 2 + version.length, 74, version.length, ...version];
    expect(readPart(...ticket(16, 7), ...ticket(9, 5, 0, 0, 0, 0, 0, 0, 0))).toMatchObject({
      ticket: { timestamp: 5, node: 7 },
    });
  });

  it.each([
    ['a number that JavaScript cannot hold', [34, 9, 57, 0, 0, 0, 0, 0, 0, 32, 0]],
    ['a time to live beyond all numbers', [34, 11, 32, ...varint(2n ** 63n - 1n, 10)]],
    ['one before all numbers', [34, 11, 32, ...varint(-(2n ** 53n), 10)]],
    ['a number of eleven bytes', [8, ...Array<number>(10).fill(0x80), 0]],
    ['the field 0', [0, 0]],
    ['the end of a group that did not begin', [0x5c]],
    ['a group that ends as another', [0x5b, 0x64]],
    ['a type that there is not', [0x5e]],
    ['groups that are too deep', Array<number>(110).fill(0x5b)],
    ['a request that is longer than its operation', [26, 5, 10, 1]],
    ['a key that is longer than its request', [26, 2, 10, 2, 65, 65]],
  ])('does not accept %s', (_, bytes) => {
    expect(() => readPart(...bytes)).toThrow(RangeError);
  });

  it('reads numbers of any length', () => {
    for (let length = 1; length <= 10; length += 1) {
      expect(readPart(8, ...varint(5n, length))).toMatchObject({ id: 5 });
      const put = [32, ...varint(5n, length), 40, ...varint(1n, length)];
      expect(readPart(34, put.length, ...put)).toMatchObject({ ttlMs: 5, omitPrevious: true });
    }
    expect(readPart(34, 7, 40, ...varint(2n ** 40n, 1))).toMatchObject({ omitPrevious: true });
    expect(readPart(8, ...varint(2n ** 40n + 3n, 1))).toMatchObject({ id: 3 });
  });

  it('copies nothing', () => {
    const message = Buffer.from([10, 5, 26, 3, 10, 1, 65]);
    readSessionRequest(message, ({ key }) => {
      message[6] = 66;
      expect(key).toEqual(Uint8Array.of(66));
    });
    expect.assertions(1);
  });
});
