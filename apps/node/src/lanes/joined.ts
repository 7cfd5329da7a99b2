/**
 * The records end to end. A coordinator lays those of one turn beside each other, so that mostly this is a view of them,
 * and the same bytes go to every replica.
 */
export function joined(records: readonly Uint8Array[]): Buffer {
  const first = records[0];
  if (first === undefined) return Buffer.alloc(0);
  const { buffer, byteOffset } = first;
  let end = byteOffset;
  for (const record of records) {
    if (record.buffer !== buffer || record.byteOffset !== end) return Buffer.concat(records);
    end += record.length;
  }
  return Buffer.from(buffer, byteOffset, end - byteOffset);
}
