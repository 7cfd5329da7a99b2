/** Values of one length have keys of their own, so that a get finds the length that it is to measure. 14 characters. */
export function keyOf(index: number, valueBytes: number): string {
  return `${valueBytes.toString(36).padStart(3, '0')}-${String(index).padStart(10, '0')}`;
}

let made: { readonly valueBytes: number; readonly keys: string[] } = { valueBytes: -1, keys: [] };

/**
 * The first so many keys for values of a length, and perhaps more. Made once for loads of one length that follow each other:
 * else they are most of what a load leaves to the garbage collector, and its pauses count as the client's.
 */
export function keysOf(count: number, valueBytes: number): string[] {
  if (made.valueBytes !== valueBytes) made = { valueBytes, keys: [] };
  const { keys } = made;
  while (keys.length < count) keys.push(keyOf(keys.length, valueBytes));
  return keys;
}

export function valueOf(valueBytes: number): string {
  return 'v'.repeat(valueBytes);
}

/** Of values above a kilobyte: loading them must take seconds, and they lie in memory three times. */
const preloadedBytesMax = 16 * 2 ** 20;

/** So many keys as asked for, fewer of large values. */
export function keyCountFor({
  keys,
  valueBytes,
}: {
  readonly keys: number;
  readonly valueBytes: number;
}): number {
  return valueBytes <= 1_000 ? keys : Math.max(1, Math.min(keys, Math.floor(preloadedBytesMax / valueBytes)));
}
