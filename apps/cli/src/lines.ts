/** One line of input, without its end. */
export interface Line {
  /** From 1. */
  readonly number: number;
  /** Undefined if it was longer than allowed: its bytes were dropped as they came. */
  readonly bytes: Uint8Array | undefined;
}

const lineFeed = 0x0a;
const carriageReturn = 0x0d;

/** Splits bytes at line ends, holding no more than one line. Blank lines are counted and left out. */
export async function* readLines(
  chunks: AsyncIterable<Uint8Array>,
  { lineBytesMax }: { readonly lineBytesMax: number },
): AsyncGenerator<Line, void, undefined> {
  let number = 1;
  let parts: Uint8Array[] = [];
  let length = 0;

  function take(part: Uint8Array): void {
    length += part.length;
    if (length > lineBytesMax) parts = [];
    else parts.push(part);
  }
  function finish(): Line | undefined {
    const isTooLong = length > lineBytesMax;
    const bytes = isTooLong ? undefined : withoutReturn(Buffer.concat(parts));
    const line = { number, bytes };
    number += 1;
    parts = [];
    length = 0;
    return bytes?.length === 0 ? undefined : line;
  }

  for await (const chunk of withoutByteOrderMark(chunks)) {
    let from = 0;
    for (let end = chunk.indexOf(lineFeed); end !== -1; end = chunk.indexOf(lineFeed, from)) {
      take(chunk.subarray(from, end));
      from = end + 1;
      const line = finish();
      if (line !== undefined) yield line;
    }
    if (from < chunk.length) take(chunk.subarray(from));
  }
  const last = finish();
  if (last !== undefined) yield last;
}

const byteOrderMark = Uint8Array.of(0xef, 0xbb, 0xbf);

/** Some editors begin a UTF-8 file with a mark, which is no part of its first line. */
async function* withoutByteOrderMark(
  chunks: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array, void, undefined> {
  let head: Uint8Array | undefined = new Uint8Array(0);
  for await (const chunk of chunks) {
    if (head === undefined) {
      yield chunk;
      continue;
    }
    head = Buffer.concat([head, chunk]);
    if (head.length < byteOrderMark.length) continue;
    yield byteOrderMark.every((byte, i) => head![i] === byte) ? head.subarray(byteOrderMark.length) : head;
    head = undefined;
  }
  if (head !== undefined) yield head;
}

function withoutReturn(line: Buffer): Buffer {
  return line.at(-1) === carriageReturn ? line.subarray(0, -1) : line;
}
