import { isDeepStrictEqual } from 'node:util';

import { describe, expect, it } from '@jest/globals';

import {
  decodeDirectly,
  encodeDirectly,
  encodeFramed,
  framed,
  MessageBuilder,
  OperationResult,
  SessionRequest,
  SessionResponse,
} from './index.js';
import { LinkRequest } from './internal.js';

/** Numbers at which encodings change their length. */
const numbers = [0, 1, 127, 128, 16_383, 16_384, 2_097_151, 2_097_152, 268_435_456, 2 ** 32 - 1];
const times = [0, 1, 4_095, 2 ** 31, 2 ** 32, 2 ** 32 + 1, 2 ** 52 + 12_345, Number.MAX_SAFE_INTEGER];
const lengths = [0, 1, 90, 100, 127, 128, 300, 16_384];

/** The same ones every time. */
function* drawn(): Generator<number, never> {
  for (let state = 12_345; ;) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    yield state >>> 8;
  }
}
const draws = drawn();
const oneOf = <T>(items: readonly T[]): T => items[draws.next().value % items.length]!;
const bytes = (): Buffer => Buffer.alloc(oneOf(lengths), oneOf(numbers) & 0xff);
const version = () => oneOf([undefined, { timestamp: oneOf(times), node: oneOf(numbers) }]);

function request(): SessionRequest {
  const write = () => ({
    key: bytes(),
    consistency: oneOf([0, 1, 2, 3, 4]),
    omitPrevious: oneOf([true, false]),
    operationId: Buffer.alloc(oneOf([0, 16]), 7),
    stampAbove: oneOf(times),
    stampNotAfter: oneOf(times),
    ticket: version(),
    reserve: oneOf([true, false]),
  });
  const question = oneOf([
    () => ({}),
    () => ({ get: { key: bytes(), consistency: 2 } }),
    () => ({ put: { ...write(), value: bytes(), ttlMs: oneOf(times) } }),
    () => ({ delete: write() }),
    () => ({ ticket: { key: bytes(), stampAbove: oneOf(times), stampNotAfter: 0 } }),
    () => ({ replicaRead: { key: bytes(), omitValue: oneOf([true, false]) } }),
    () => ({
      replicaWrite: {
        ...{ key: bytes(), value: bytes(), tombstone: oneOf([true, false]), version: version() },
        ...{ omitPrevious: oneOf([true, false]), operationId: bytes() },
        ...{ leads: oneOf([true, false]), twin: oneOf(numbers) },
      },
    }),
  ]);
  return SessionRequest.fromPartial({
    operations: Array.from({ length: oneOf([0, 1, 2, 9]) }, () => ({
      id: oneOf(numbers),
      timeoutMs: oneOf(numbers),
      ...question(),
    })),
    cancelled: Array.from({ length: oneOf([0, 0, 1, 200]) }, () => oneOf(numbers)),
  });
}

function response(): SessionResponse {
  const answer = oneOf([
    () => ({}),
    () => ({ get: { found: true, value: bytes(), version: version(), expiresAtMs: oneOf(times) } }),
    () => ({
      put: {
        ...{ version: version(), previous: 3, previousValue: bytes(), serverTime: oneOf(times) },
        reserved: version(),
      },
    }),
    () => ({ ticket: { ticket: version(), serverTime: oneOf(times) } }),
    () => ({
      replicaRead: {
        ...{ identity: bytes(), tombstone: oneOf([true, false]), value: bytes(), version: version() },
        ...{ expiresAtMs: oneOf(times), member: oneOf(numbers), serverTime: oneOf(times) },
        incarnations: oneOf([[], [{ member: oneOf(numbers), incarnation: oneOf(numbers) }]]),
      },
    }),
    () => ({
      replicaWrite: {
        ...{ stored: oneOf([true, false]), previous: 3, previousValue: bytes(), previousVersion: version() },
        ...{ member: oneOf(numbers), serverTime: oneOf(times), reserved: version() },
        incarnations: oneOf([[], [{ member: oneOf(numbers), incarnation: oneOf(numbers) }]]),
      },
    }),
    () => ({
      error: { code: 'timeout', outcome: 2, required: 3, message: 'späť '.repeat(oneOf([0, 1, 40])) },
    }),
  ]);
  const results = Array.from({ length: oneOf([0, 1, 2, 9]) }, () => ({ id: oneOf(numbers), ...answer() }));
  return SessionResponse.fromPartial({ results });
}

describe('messages written and read directly', () => {
  it('have the bytes that the generated code gives, and are read alike', () => {
    const written: { readonly made: Buffer; readonly expected: Buffer }[] = [];
    for (let round = 0; round < 300; round += 1) {
      const asked = request();
      const told = response();
      const pairs = [
        [encodeDirectly(SessionRequest, asked), Buffer.from(SessionRequest.encode(asked).finish())],
        [encodeDirectly(SessionResponse, told), Buffer.from(SessionResponse.encode(told).finish())],
      ] as const;
      for (const [made, expected] of pairs) {
        expect(made.equals(expected)).toBe(true);
        written.push({ made, expected });
      }
      const [[, askedBytes], [, toldBytes]] = pairs;
      expect(
        isDeepStrictEqual(decodeDirectly(SessionRequest, askedBytes), SessionRequest.decode(askedBytes)),
      ).toBe(true);
      expect(
        isDeepStrictEqual(decodeDirectly(SessionResponse, toldBytes), SessionResponse.decode(toldBytes)),
      ).toBe(true);
      // None is written over by those that come after it.
    }
    for (const { made, expected } of written) expect(made.equals(expected)).toBe(true);
    const large = Buffer.alloc(1_000_000, 5);
    const put = SessionRequest.fromPartial({ operations: [{ id: 1, put: { key: large, value: large } }] });
    expect(encodeDirectly(SessionRequest, put).equals(SessionRequest.encode(put).finish())).toBe(true);
  });

  it('are cut short with an error, and have no numbers that JavaScript cannot hold', () => {
    const whole = encodeDirectly(
      SessionResponse,
      SessionResponse.fromPartial({ results: [{ id: 1, put: { serverTime: 5 } }] }),
    );
    for (let length = 1; length < whole.length; length += 1) {
      expect(() => decodeDirectly(SessionResponse, whole.subarray(0, length))).toThrow(RangeError);
    }
    const large = Buffer.from(whole);
    large.fill(0xff, large.length - 8);
    expect(() => decodeDirectly(SessionResponse, large)).toThrow('MAX_SAFE_INTEGER');
  });

  it('also where a slab ends just as the length of an inner message turns out to take another byte', () => {
    const get = (keyBytes: number) => ({ get: { key: Buffer.alloc(keyBytes, keyBytes) } });
    const messages = Array.from({ length: 150 }, () =>
      SessionRequest.fromPartial({
        operations: Array.from({ length: 3_000 }, (_, id) => ({
          id,
          ...get(110 + (draws.next().value % 20)),
        })),
      }),
    );
    for (const message of messages) {
      const expected = SessionRequest.encode(message).finish();
      expect(encodeDirectly(SessionRequest, message).equals(expected)).toBe(true);
    }
  });

  it('have the prefix of gRPC before them where they are framed', () => {
    for (const length of lengths) {
      const message = LinkRequest.fromPartial({
        call: length,
        deadlineMs: oneOf(numbers),
        write: { records: Buffer.alloc(length, 7) },
      });
      const plain = LinkRequest.encode(message).finish();
      const frame = encodeFramed(LinkRequest, message);
      expect(frame[0]).toBe(0);
      expect(frame.readUInt32BE(1)).toBe(plain.length);
      expect(frame.subarray(5).equals(plain)).toBe(true);
      expect(framed(plain).equals(frame)).toBe(true);
    }
  });

  it('grow element by element, side by side', () => {
    const builders = [new MessageBuilder(), new MessageBuilder()];
    const told: OperationResult[][] = [[], []];
    const taken: { readonly made: Buffer; readonly expected: Uint8Array }[] = [];
    for (let round = 0; round < 2_000; round += 1) {
      const at = draws.next().value % builders.length;
      for (const result of response().results) {
        builders[at]!.append(1, OperationResult, result);
        told[at]!.push(result);
      }
      const expected = SessionResponse.encode({ results: told[at]! }).finish();
      expect(builders[at]!.byteLength).toBe(expected.length);
      if (told[at]!.length < 20) continue;
      taken.push({ made: builders[at]!.take(), expected });
      told[at] = [];
    }
    expect(taken.length).toBeGreaterThan(100);
    for (const { made, expected } of taken) expect(made.equals(expected)).toBe(true);
  });
});
