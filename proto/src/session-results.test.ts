import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { OperationResult, PreviousState, SessionResponse, SessionResults } from './index.js';

const timestamp = fc.nat({ max: Number.MAX_SAFE_INTEGER });
const uint32 = fc.nat({ max: 2 ** 32 - 1 });
const version = fc.option(fc.record({ timestamp, node: uint32 }), { nil: undefined });
const bytes = fc.uint8Array({ maxLength: 300 }).map((some) => Buffer.from(some));
const written = fc.record({
  version,
  previous: fc.constantFrom(PreviousState.UNSPECIFIED, PreviousState.NONE, PreviousState.VALUE),
  previousValue: bytes,
  serverTime: timestamp,
});
const read = fc.record({
  found: fc.boolean(),
  value: bytes,
  version,
  expiresAtMs: fc.maxSafeInteger(),
  serverTime: timestamp,
});
const content = fc.oneof(
  fc.constant({}),
  fc.record({ get: read }),
  fc.record({ put: written }),
  fc.record({ delete: written }),
  fc.record({ ticket: fc.record({ ticket: version, serverTime: timestamp }) }),
  fc.record({ error: fc.record({ code: fc.string(), message: fc.string(), retryAfterMs: uint32 }) }),
);
const result = fc.tuple(uint32, content).map(([id, some]) => OperationResult.fromPartial({ id, ...some }));

/** Copies, as each result is good only until the next. */
function readAll(message: Buffer): OperationResult[] {
  const results = new SessionResults();
  const copies: OperationResult[] = [];
  results.begin(message);
  for (let one = results.next(); one !== undefined; one = results.next()) {
    copies.push(OperationResult.fromPartial(one));
  }
  return copies;
}

describe('the results of a session, read in place', () => {
  it('are understood as the generated code does', () => {
    fc.assert(
      fc.property(fc.array(result, { maxLength: 8 }), (results) => {
        const message = Buffer.from(SessionResponse.encode({ results }).finish());
        expect(readAll(message)).toEqual(SessionResponse.decode(message).results);
      }),
      { numRuns: 500 },
    );
  });

  it('forget what the result before held', () => {
    const full = {
      version: { timestamp: 7, node: 1 },
      serverTime: 9,
      value: Buffer.from('value'),
      found: true,
    };
    const results = [{ id: 1, get: full }, { id: 2, get: {} }, { id: 3, put: {} }, { id: 4 }];
    const message = Buffer.from(SessionResponse.encode(SessionResponse.fromPartial({ results })).finish());
    expect(readAll(message)).toEqual(SessionResponse.decode(message).results);
  });

  it('of which there are more fields than are known are read, without those', () => {
    const unknown = [0x7a, 3, 1, 2, 3];
    const result = [8, 5, ...unknown, 0x12, 7, 8, 1, ...unknown];
    expect(readAll(Buffer.from([...unknown, 10, result.length, ...result]))).toMatchObject([
      { id: 5, get: { found: true } },
    ]);
  });

  it('are refused with a RangeError where they are cut short or damaged', () => {
    const put = { version: { timestamp: 2 ** 40, node: 1 }, previousValue: Buffer.from('previous') };
    const { results } = SessionResponse.fromPartial({ results: [{ id: 1, put }] });
    const message = Buffer.from(SessionResponse.encode({ results }).finish());
    for (let end = 1; end < message.length; end += 1) {
      expect(() => readAll(message.subarray(0, end))).toThrow(RangeError);
    }
    expect(() => readAll(Buffer.from([10, 2, 0x1f, 1]))).toThrow(RangeError);
  });
});
