/**
 * The record: one mutation of one key, encoded once by whoever coordinates it. The same bytes travel to the replicas,
 * go into each log and snapshot, lie in memory and are read back, so the checksum holds from end to end.
 *
 * Little-endian, a multiple of 8 bytes long, 32 bytes fixed:
 *
 *     offset  bytes  field
 *          0      4  checksum        XXH32, seed 0, of everything after it: bytes 4 up to the total length
 *          4      4  total length    of the whole record, checksum and padding included
 *          8      8  timestamp       of the version: a hybrid logical clock reading, at most 2^53 - 1
 *         16      4  node            of the version: 16 bits of member number, 16 bits of incarnation
 *         20      1  format version  1
 *         21      1  flags           1 tombstone, 2 expiry, 4 operation id, 8 batch continues
 *         22      2  key length      0 to 65,535
 *         24      4  value length    0 for a tombstone
 *         28      4  key hash        XXH32, seed 0, of the key; its top bits are the partition
 *         32     [8] expiry          if flag 2: Unix milliseconds, 1 to 2^53 - 1
 *          …    [16] operation id    if flag 4
 *          …         key
 *          …         value
 *          …         padding         zeros, to a multiple of 8
 *
 * A record with an unknown flag or format version is refused, so that an older program never half-understands a newer
 * one. Every length can be told in two ways (total; sum of the parts), and the key in two ways (bytes; hash): when a
 * checksum fails, agreement of these still says where the next record begins and which partition lost one.
 */
export const checksumOffset = 0;
export const totalLengthOffset = 4;
export const timestampOffset = 8;
export const nodeOffset = 16;
export const formatOffset = 20;
export const flagsOffset = 21;
export const keyLengthOffset = 22;
export const valueLengthOffset = 24;
export const keyHashOffset = 28;
export const fixedBytes = 32;

/** Timestamp and node lie side by side. */
export const versionBytes = 12;

export const expiryBytes = 8;
export const operationIdBytes = 16;

export const recordFormatVersion = 1;

export const tombstoneFlag = 1;
export const expiryFlag = 2;
export const operationIdFlag = 4;
export const batchContinuesFlag = 8;
export const knownFlags = tombstoneFlag | expiryFlag | operationIdFlag | batchContinuesFlag;

/** Length of a record of these parts, padding included. */
export function recordBytes(flags: number, keyBytes: number, valueBytes: number): number {
  return alignUp(keyOffset(flags) + keyBytes + valueBytes);
}

/** Where the key begins. */
export function keyOffset(flags: number): number {
  return (
    fixedBytes +
    ((flags & expiryFlag) === 0 ? 0 : expiryBytes) +
    ((flags & operationIdFlag) === 0 ? 0 : operationIdBytes)
  );
}

/** The next multiple of 8; in floating point, as lengths may exceed 31 bits. */
export function alignUp(bytes: number): number {
  const over = bytes % 8;
  return over === 0 ? bytes : bytes + 8 - over;
}
