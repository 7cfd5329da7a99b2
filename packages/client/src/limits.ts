/** Every bound of the client, with its reason. docs/LIMITS.md lists them. */

/** A key is 1 byte to 1 KiB: it travels with every operation and lies in every log record. */
export const keyBytesMax = 1024;

/** 1 MiB: a value is copied several times on its way; larger things belong into an object store. */
export const valueBytesMax = 1024 * 1024;

/** 2^43 ms, 278 years: expiry is an absolute time, and stays exact. */
export const ttlMsMax = 2 ** 43;

/** Of a whole operation, its retries included, where the caller names none. */
export const timeoutMsDefault = 5_000;

/**
 * Of each answer of a scan, where the caller names none. Longer, since a node looks through all partitions for the next
 * key of a rare prefix before it has anything to answer.
 */
export const scanTimeoutMsDefault = 60_000;

/** What timers can hold (2^31 − 1); beyond it they would fire at once. */
export const timeoutMsMax = 2_147_483_647;

/** Requests sent per operation, and passes over endpoints of which none answers. More only adds load where load is the trouble. */
export const attemptsMax = 3;

/**
 * With less time left than this (or than a tenth of the operation's own, if that is shorter) no further attempt is
 * started: it could hardly be answered, and would only turn a certain outcome into `unknown`.
 */
export const attemptMsMin = 20;

/** Operations in one message to a node: its place in a message is ten bits of an operation's id. */
export const operationsPerBatchMax = 1_024;

/** Operations in one message, unless one alone is larger: half of what a node accepts, so that estimates may be wrong. */
export const batchBytesMax = 512 * 1024;

/** What an operation counts beside its key and value. */
export const operationOverheadBytes = 96;

/** Messages under way to one node before later operations gather for the next. More would be smaller, and cost more each. */
export const laneMessagesMax = 4;

/**
 * A message that is not answered by half after this holds back no others any more: it waits for something slow, which
 * later operations need not.
 */
export const slowMessageMs = 20;

/** Operations under way to one node: so many at first, at most as many as a node serves of one session at once. */
export const laneOperationsFirst = 1_024;
export const laneOperationsMax = 16_384;

/** Bytes of operations under way to one node, unless one alone is larger. */
export const laneBytesMax = 4 * 1024 * 1024;

/** An answer after this is late: half of `stampWindowMs`, so that fewer are under way before writes fail for it. */
export const lateAnswerMs = 200;

/** Operations of one client that are not settled, and their bytes; above it they are refused as `overloaded`. */
export const operationsMaxDefault = 65_536;
export const bytesMaxDefault = 128 * 1024 * 1024;

/** Of `busyPollMs`: what takes longer is not worth a processor. */
export const busyPollMsMax = 100;

/** What an operation that a full client refuses is told to wait. */
export const overloadedRetryMs = 50;

/** Deadlines are looked for no more often than this: looking touches every operation under way. */
export const deadlineSweepMsMin = 5;

/** Operations that one `getMany`, `putMany` or `deleteMany` has under way; the rest of its keys wait their turn. */
export const manyUnderWayMax = 4_096;

/**
 * What a member is given before the next one is favoured, and what it may have beyond its fair share. About so many
 * operations cost as much as the message that carries them.
 */
export const favouriteOperations = 32;

/** What it is given while less than that is under way: few operations find it warm, and work spreads all the same. */
export const quietFavouriteOperations = 128;

/** Operations to one member before another one is given some: in larger messages each would hardly cost less. */
export const groupOperations = 128;

/** A key with so many writes under way is hot. With fewer, a second stamp now and then costs less than messages. */
export const hotKeyWrites = 3;

/** By so many slots hot keys are told apart; a power of two, and as many as operations under way to one node. */
export const hotKeySlots = 16_384;

/** With more than this share of so many operations on hot keys, what meets costs more than the messages that turns save. */
export const hotShareMax = 1 / 16;
export const hotSampleOperations = 1_024;

/**
 * While no more operations than this are under way reads compare what two owners show, instead of asking one of them to do so.
 * With many the nodes' messages to each other cost less than the client's second one.
 */
export const comparedReadsMax = 32;

/** So long after a write owners may show different records: longer than a quorum leaves the third one alone. */
export const settlingMs = 25;

/** If of so many reads that could compare more than these could not, or in vain, the next ones do not. As of writes. */
export const trialSample = 64;
export const trialVainMax = 8;
export const trialRestsFor = 448;

/** A node that was slow is asked together with nobody for so long, unless it answers something before. */
export const laneDoubtMs = 1_000;

/**
 * While no more operations than this are under way writes are given to two owners, instead of to one that sends them on, …
 */
export const twinStoresMax = 16;

/** … of no more bytes each, as the client sends them twice. */
export const twinStoreBytesMax = 16 * 1024;

/** An owner that has not stored one by then is not waited for: a node that coordinates may ask others. */
export const twinStorePatienceMs = 50;

/** Versions that nodes reserved, and how long each is kept: the older one is, the likelier somebody has written above it. */
export const reservedVersionsMax = 32;
export const reservedKeptMs = 1_000;

/** The ring is fetched no more often than this, whatever fails meanwhile. */
export const ringRefreshMs = 1_000;

/** A member that does not answer is tried again after this, doubled with every failure: its address may mean nothing here. */
export const memberRetryMsFirst = 250;
export const memberRetryMsMax = 30_000;

/** A read is hedged once it takes longer than this share of reads did, and never sooner than this: timers are no finer. */
export const hedgeLatencyShare = 0.95;
export const hedgeDelayMsMin = 2;

/** A read that two owners are asked for takes long after this, while no latency is known. */
export const hedgeDelayMsFirst = 20;

/** Of all reads so many may be hedged, and so many in a row: what nodes do twice must not matter. */
export const hedgeShareMax = 0.05;
export const hedgeBurstMax = 16;

/** Latencies that have to be known before a read is hedged, and that are kept before older ones fade. */
export const hedgeSamplesMin = 64;
export const hedgeSamplesKept = 2_048;

/** A stream that broke before it answered anything is not opened again within this time. */
export const sessionBackoffMs = 100;

/** Bytes of a node's results on their way: more than it sends of one lane's operations before they are read. */
export const sessionWindowBytes = 4 * 1024 * 1024;

/** Nobody waits longer for a session's connection. An attempt to make it goes on that long: a node may only be busy. */
export const connectPatienceMs = 1_000;
export const connectAttemptMs = 5_000;

/** A node that vanished without closing its connections is noticed after 15 seconds of silence. */
export const keepAliveMs = 10_000;
export const keepAliveTimeoutMs = 5_000;

/** Before an endpoint is used, one call has to be answered within this time: a machine that vanished answers nothing. */
export const contactTimeoutMs = 1_000;

/** Once an endpoint failed, another that was not heard of for so long is greeted before it is given an operation. */
export const contactDoubtedMs = 1_000;

/**
 * After no endpoint could be reached for so long an operation makes one pass over them, not three, and fails at once
 * while another one's pass is under way: thousands that wait for a dead cluster would each take seconds to say so.
 */
export const unreachablePatienceMs = 1_000;

/** So long a failed pass counts: what is older says nothing of now. */
export const unreachableNewsMs = 5_000;

/** Pauses between attempts begin here, double, and vary between half and all of it, so that clients do not return in step. */
export const backoffMsFirst = 25;
export const backoffMsMax = 1_000;

/**
 * How far ahead of the estimated server time a write may be stamped. Narrower than the clocks' drift bound (500 ms), so
 * that a retry, which has to be stamped above it, is still within the bound (protocol rule 11). A link whose round trip
 * takes longer than this cannot be written over.
 */
export const stampWindowMs = 400;

/**
 * Once server time is this far past a ceiling, every node that may stamp has passed it, and it can be forgotten: two
 * nodes' clocks are at most twice the drift bound (500 ms) apart, and the time that a node tells is at most that bound
 * ahead of its clock. Versions that were reserved before are compared with what was forgotten.
 */
export const ceilingKeptMs = 2_000;

/** Of a scan, per answer. */
export const scanLimitMax = 0xffff_ffff;

/** A scan's answer holds many values, a cluster description many partitions. */
export const messageBytesReceivedMax = 16 * 1024 * 1024;

/** The largest put and its fields. */
export const messageBytesSentMax = valueBytesMax + 64 * 1024;
