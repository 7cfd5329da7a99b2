import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { codecOf, encodings } from './encoding.js';

describe('encodings', () => {
  it('give back what they were given', () => {
    const given = {
      utf8: fc.string({ unit: 'binary' }),
      json: fc.jsonValue({ noUnicodeString: false }),
      binary: fc.uint8Array(),
    };
    for (const encoding of encodings) {
      const codec = codecOf<'json'>(encoding as 'json');
      fc.assert(
        fc.property(given[encoding], (input) => {
          // Through JSON for JSON: it cannot hold -0.
          const expected = encoding === 'json' ? (JSON.parse(JSON.stringify(input)) as unknown) : input;
          expect(codec.decode(codec.encode(input, 'value'), 'value')).toEqual(expected);
        }),
      );
    }
  });

  it('write text as UTF-8, also where bytes are the rule', () => {
    for (const encoding of ['utf8', 'binary'] as const) {
      expect(codecOf(encoding).encode('é', 'key')).toEqual(Uint8Array.of(0xc3, 0xa9));
    }
  });

  it('keep a byte order mark, which is part of the text', () => {
    const codec = codecOf('utf8');
    expect(codec.decode(codec.encode('\ufeffa', 'value'), 'value')).toBe('\ufeffa');
  });

  it.each(['utf8', 'binary'] as const)('refuse half a surrogate pair (%s)', (encoding) => {
    for (const text of ['\ud800', 'a\udc00b', '\udc00\ud800']) {
      expect(() => codecOf(encoding).encode(text, 'key')).toThrow(
        expect.objectContaining({ code: 'invalid-argument' }),
      );
    }
    expect(codecOf(encoding).encode('\ud83d\ude00', 'key')).toHaveLength(4);
  });

  it('refuse bytes that are no UTF-8 as text, both ways', () => {
    const bytes = Uint8Array.of(0x61, 0xff);
    expect(() => codecOf('utf8').encode(bytes, 'value')).toThrow(/not valid UTF-8/);
    expect(() => codecOf('utf8').decode(bytes, 'value')).toThrow(/not valid UTF-8/);
    expect(codecOf('binary').decode(codecOf('binary').encode(bytes, 'value'), 'value')).toEqual(bytes);
  });

  it('refuse as JSON what it cannot hold, and what is no JSON', () => {
    expect(() => codecOf('json').encode(undefined, 'value')).toThrow(TypeError);
    expect(() => codecOf('json').encode(1n, 'value')).toThrow(TypeError);
    expect(() => codecOf('json').decode(new TextEncoder().encode('{'), 'value')).toThrow(
      expect.objectContaining({ code: 'invalid-argument' }),
    );
  });

  it.each([1, null, {}, [1], undefined, new Uint16Array(1), new ArrayBuffer(1)])(
    'refuse %p as a type',
    (input) => {
      for (const encoding of ['utf8', 'binary'] as const) {
        expect(() => codecOf(encoding).encode(input as never, 'value')).toThrow(TypeError);
      }
    },
  );

  it('copy bytes, on the way in and on the way out', () => {
    const mine = Uint8Array.of(1, 2, 3);
    const encoded = codecOf('binary').encode(mine, 'value');
    mine[0] = 9;
    expect(encoded[0]).toBe(1);

    const message = Buffer.from([0, 1, 2, 3, 0]);
    const decoded = codecOf('binary').decode(message.subarray(1, 4), 'value');
    message.fill(9);
    expect(decoded).toEqual(Uint8Array.of(1, 2, 3));
    expect(decoded.buffer.byteLength).toBe(3); // Does not keep the message in memory.
    expect(Buffer.isBuffer(decoded)).toBe(false);
  });
});
