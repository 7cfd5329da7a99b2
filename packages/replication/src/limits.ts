/** Every limit of this package, with its reason. */

/** Bytes of a key: it is hashed, compared and logged with every operation. */
export const keyBytesMax = 1024;

/** Bytes of a value: a value is copied whole, so a larger one would stall the event loop of every replica. */
export const valueBytesMax = 1024 * 1024;

/** Milliseconds of a time to live: about 285 years. Keeps stamp + ttl an exact integer. */
export const ttlMsMax = 2 ** 43;

export const operationIdBytes = 16;

/**
 * Rounds of one read. It begins again when a replica's clock has passed an expiry or a floor refused a write-back: both
 * happen once in a lifetime of a record, so more than this is a defect, and no reason to ask for ever.
 */
export const readRoundsMax = 5;

/** Reads at ONE being compared in the background at a time; more are not compared. */
export const comparisonsMax = 64;

/** Records of one page of a scan, asked of one replica. */
export const scanPageRecordsMax = 512;

/** Bytes of one such page, unless a single record is larger. */
export const scanPageBytesMax = 256 * 1024;

/** Partitions whose digests are asked for in one question: some 160 bytes each in the reply. */
export const digestsPerQuestionMax = 1_024;

/** Partitions that anti-entropy compares in one question: a fraction of a millisecond's work for both sides. */
export const partitionsComparedAtOnce = 32;

/** Partitions being rebuilt at a time. */
export const rebuildsMax = 256;

/** Operations that travel together: as many as one message between nodes holds. */
export const flightOperationsMax = 1_024;

/** Bytes of their keys and values, unless a single one is larger: a message between nodes holds twice as many. */
export const flightBytesMax = 1024 * 1024;

/** Another owner's copies are asked after it was given so many operations. One at a time finds it warm, and work spreads all the same. */
export const ownerTurnOperations = 128;

/** Writes of no more than so many keys ask a quorum at first if nothing else is under way: messages cost more than they carry, … */
export const fewOperations = 16;

/** … and of no more bytes of keys and values. */
export const fewBytes = 32 * 1024;

/** Owners for whose answers nobody waits are asked, or given records, so many milliseconds later, for many operations at once, … */
export const afterwardsMs = 5;

/** … or once so many flights wait for it. */
export const afterwardsFlightsMax = 64;

/**
 * Records that a client gave to a quorum by itself, and those of ONE, are given to the other owners so many milliseconds later. A
 * process that is woken takes more from those for whom somebody waits than these copies, which no promise needs, are worth
 * sooner. Reads by other nodes would look twice meanwhile, but seldom are of such records.
 */
export const spreadingMs = 20;

/**
 * Reads that are also compared with the owners whom a quorum did not need. What a replica missed while it was away is repaired
 * as it is read, so long as few read; where many do this is less than a hundredth of the work.
 */
export const readsComparedPerSecond = 200;
