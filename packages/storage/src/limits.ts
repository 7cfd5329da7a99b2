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

export function isPartitionCount(value: unknown): value is number {
  return (
    typeof value === 'number' &&
    Number.isInteger(value) &&
    value >= 1 &&
    value <= partitionsMax &&
    (value & (value - 1)) === 0
  );
}

/** A log file that reached this is followed by a new one: what opening has to copy of the newest stays short. */
export const logFileBytesMax = 64 * mebibyte;

/** Bytes of one batch, unless a single atomic batch of the caller's is longer: bounds the copy made to write it. */
export const logBatchBytesMax = 8 * mebibyte;

/** Bytes of an atomic batch: its length is a 32-bit field, and it is written in one piece. */
export const atomicBatchBytesMax = 512 * mebibyte;

/** While the disk is full, the log is tried again after this, then after twice as long each time … */
export const diskFullRetryMsMin = 100;

/** … up to this. */
export const diskFullRetryMsMax = 5_000;

/** A snapshot is taken once the log exceeds this, and … */
export const snapshotLogBytesMin = 256 * mebibyte;

/** … this many times the bytes of live records. */
export const snapshotLogRatio = 3;

/** After a snapshot failed, none is tried because of the log's length for so long: each trial costs the disk. */
export const snapshotRetryMs = 60_000;

/** After a slice of a snapshot that nobody waits for, everybody else goes first for so many times as long as it took, … */
export const backgroundRestRatio = 4;

/** … at most so long. */
export const backgroundRestMsMax = 20;

/** Bytes of records that a snapshot copies before it lets others have their turn. */
export const snapshotSliceBytes = 256 * 1024;

/** When memory is full, expired entries of an embedded store are looked for, but no more often than this. */
export const expiryForRoomMsMin = 1_000;

/** Between two looks for expired entries of an embedded store. */
export const expirySweepMs = 5_000;

/** Dead memory below this share of what records may take is not worth cleaning, … */
export const idleDeadShare = 1 / 2048;

/** … nor is it below this: few keys overwritten without pause would be moved about without pause, and save nothing. */
export const idleDeadBytesMax = 4 * mebibyte;

/** Appended between two looks at whether memory should be cleaned, or a snapshot taken. */
export const cleaningCheckBytes = 64 * 1024;

/** Versions that an embedded store issues between two readings of the clock, in one turn of the event loop. */
export const stampsPerReading = 64;

/** Received bytes that are copied and verified in one piece; longer ones go record by record. */
export const stagedBytesMax = mebibyte;

/** Share of the available memory that records may take: the rest is for the runtime, copies under way, and others. */
export const memoryShareDefault = 0.6;

/** Partitions of an embedded store: damage costs one of so many parts. */
export const storePartitions = 64;

/** Bytes of a key of an embedded store, unless told otherwise: long keys are mostly values in disguise. */
export const keyBytesMaxDefault = 1024;

/** Bytes of a value of an embedded store, unless told otherwise: a value is written, and held, in one piece. */
export const valueBytesMaxDefault = 16 * mebibyte;

/** What `valueBytesMax` may be raised to: a record's limit, less a longest key and the header. */
export const valueBytesFormatMax = recordBytesMax - mebibyte;

/** A hundred years: beyond it a time to live is a mistake of unit. */
export const ttlMsMax = 3_155_760_000_000;

/** Entries that an asynchronous iteration gives before it lets others have their turn. */
export const entriesPerTurn = 256;

/**
 * Bytes of a batch that are written to a file within the turn, as Redis does with its own: they are only copied into the
 * system's cache, which takes less time than handing them to another thread and hearing back.
 */
export const writtenAtOnceBytesMax = mebibyte / 8;

/** A file of so many bytes is removed in one go, which takes some milliseconds. */
export const removedAtOnceBytesMax = 8 * mebibyte;

/** Longer ones go in such pieces, or in larger ones where much is to be removed, … */
export const removalStepBytes = 4 * mebibyte;

/** … with such a pause before each. */
export const removalPauseMs = 40;
