import type { Version } from '@kv/hlc';

/** Versions end to end: timestamp (8 bytes, little-endian), node (4 bytes). All zero: there is none. */
export type VersionColumn = Uint8Array;

export const versionBytes = 12;

export function writeVersion(column: VersionColumn, index: number, { timestamp, node }: Version): void {
  let offset = index * versionBytes;
  const low = timestamp % 0x1_0000_0000;
  const high = Math.floor(timestamp / 0x1_0000_0000);
  for (const word of [low, high, node]) {
    column[offset] = word;
    column[offset + 1] = word >>> 8;
    column[offset + 2] = word >>> 16;
    column[offset + 3] = word >>> 24;
    offset += 4;
  }
}

/** Which version it may be is anybody's guess: none is like it. */
export function writeUnknown(column: VersionColumn, index: number): void {
  column.fill(0xff, index * versionBytes, (index + 1) * versionBytes);
}
