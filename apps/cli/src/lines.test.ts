import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { readLines } from './lines.js';

async function linesOf(
  chunks: readonly Uint8Array[],
  lineBytesMax = 1_000,
): Promise<[number, string | undefined][]> {
  async function* input(): AsyncGenerator<Uint8Array> {
    for (const chunk of chunks) yield await Promise.resolve(chunk);
  }
  const found: [number, string | undefined][] = [];
  for await (const { number, bytes } of readLines(input(), { lineBytesMax })) {
    found.push([number, bytes === undefined ? undefined : Buffer.from(bytes).toString()]);
  }
  return found;
}

describe('lines', () => {
  it('begin after a byte order mark, and only the first does', async () => {
    const [mark, text] = [Uint8Array.of(0xef, 0xbb, 0xbf), Buffer.from('a\n')];
    expect(await linesOf([mark, text])).toEqual([[1, 'a']]);
    expect(await linesOf([mark.subarray(0, 1), mark.subarray(1), text, mark, text])).toEqual([
      [1, 'a'],
      [2, '\ufeffa'],
    ]);
    expect(await linesOf([Buffer.from('b')])).toEqual([[1, 'b']]);
  });

  it('are the same however the input is cut', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.constantFrom('', 'a', 'bc', 'é', '  ', 'long line'), { maxLength: 8 }),
        fc.constantFrom('\n', '\r\n'),
        fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1 }),
        async (texts, end, cuts) => {
          const bytes = Buffer.from(texts.join(end));
          const chunks = [];
          for (let at = 0, i = 0; at < bytes.length; i += 1) {
            const length = cuts[i % cuts.length]!;
            chunks.push(bytes.subarray(at, at + length));
            at += length;
          }
          const expected = texts.map((text, index) => [index + 1, text]).filter(([, text]) => text !== '');
          expect(await linesOf(chunks)).toEqual(expected);
        },
      ),
    );
  });

  it('that are too long come without their bytes', async () => {
    const chunks = ['abc', 'def\nab', 'c\nabcd\n', 'x'].map((text) => Buffer.from(text));
    expect(await linesOf(chunks, 3)).toEqual([
      [1, undefined],
      [2, 'abc'],
      [3, undefined],
      [4, 'x'],
    ]);
  });
});
