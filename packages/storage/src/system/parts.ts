/** Of the parts of a gather write, laid end to end. */
export function bytesOfParts(parts: readonly Uint8Array[]): number {
  let bytes = 0;
  for (const { length } of parts) bytes += length;
  return bytes;
}
