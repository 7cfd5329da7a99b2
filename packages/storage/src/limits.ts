/** Every limit of this package, with its reason. */

const mebibyte = 1024 * 1024;

/** Bytes of a key: the record format has 16 bits for its length. */
export const keyBytesFormatMax = 65_535;

/** Bytes of one record, header included: bounds what a damaged length field can make recovery allocate. */
export const recordBytesMax = 256 * mebibyte;

/** Partitions of an engine: a power of two up to this; each costs a table, and damage is listed by partition. */
export const partitionsMax = 65_536;

/** Partitions of an engine for replication: as many as the ring has by default. */
export const partitionsDefault = 1024;

/** Between syncs at durability `interval`. */
export const durabilityIntervalMsDefault = 100;

/** A minute of lost writes is no interval, it is `os`. */
export const durabilityIntervalMsMax = 60_000;

/** Between snapshots. */
export const snapshotIntervalMsDefault = 300_000;

/** A day: longer ones belong into the caller's own schedule, with 0 here. */
export const snapshotIntervalMsMax = 86_400_000;
