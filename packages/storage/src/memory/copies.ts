/** Memory that short copies are cut from, one after the other: an allocation of its own costs ten times as much. */
let pool = new Uint8Array(0);
let used = 0;

/** A copy of `bytes[start, end)`. Short ones share memory with other copies, as Node's own short buffers do. */
export function copyOf(bytes: Uint8Array, start: number, end: number): Uint8Array {
  const length = end - start;
  if (length > pooledBytesMax) return bytes.slice(start, end);
  if (used + length > pool.length) {
    pool = new Uint8Array(poolBytes);
    used = 0;
  }
  const at = used;
  // Aligned, as some readers of bytes want it.
  used += (length + 7) & ~7;
  for (let index = 0; index < length; index += 1) pool[at + index] = bytes[start + index]!;
  return new Uint8Array(pool.buffer, at, length);
}

const poolBytes = 32 * 1024;

/** Above it a copy has memory of its own. */
export const pooledBytesMax = 512;
