/** Every limit of this package, with its reason. */

const kibibyte = 1024;
const mebibyte = 1024 * kibibyte;

/** A request of a client: the largest value (1 MiB) and key (1 KiB) fit twice over. */
export const publicRequestBytesMax = 2 * mebibyte;

/** Bytes of clients' requests that a node has not answered; above it they are refused as `overloaded`. */
export const admittedBytesMax = 64 * mebibyte;

/** What a request counts against `admittedBytesMax` beside its key and value: about what it takes while it is under way. */
export const requestOverheadBytes = 1_024;

/** Turns of the event loop that take longer on average make a node refuse clients: it answers nobody in time any more. */
export const loopDelayMsMax = 500;

/** What a client is told to wait that was refused for that. */
export const admissionRetryMs = 100;

/** Results in one message of a session, unless one alone is larger: a client reads 16 MiB at a time, and small ones sooner. */
export const sessionMessageBytesMax = mebibyte;

/** Memory for the messages of sessions that is kept for the next, a quarter of a MiB each: thousands of sessions share it. */
export const sessionBuildersIdleMax = 8;

/** Operations of one session under way; above it the node reads no further, and the client's messages wait. */
export const sessionOperationsMax = 16_384;

/** Messages that a session's client has not taken yet; above it the node reads no further requests of its. */
export const sessionMessagesUnsentMax = 16;

/** Partitions whose digests travel in one message: some 160 bytes each. */
export const digestsPerMessageMax = 1_024;

/** Operations in one message to a member: what it takes in before it turns to anything else. */
export const operationsPerMessageMax = 1_024;

/** Of these, operations whose answer may carry a record of 1 MiB: bounds the reply. */
export const recordsReturnedPerMessageMax = 64;

/** Bytes of the records in one reply to writes; of what is beyond it, what was replaced is unknown. */
export const recordBytesReturnedMax = 64 * mebibyte;

/** Records in one message to a peer, unless one record alone is larger. */
export const recordBytesPerMessageMax = 2 * mebibyte;

/** What a node accepts from a peer or a client in one message. */
export const requestBytesMax = 8 * mebibyte;

/** What a node accepts as a peer's reply: `recordsReturnedPerMessageMax` records of the largest size. */
export const replyBytesMax = 72 * mebibyte;

/** Messages of one kind in flight to one member; later operations gather for the next message meanwhile. */
export const messagesInFlightMax = 8;

/** Bytes of requests to one member, waiting or in flight; above it operations are refused as `overloaded`. */
export const memberBytesMax = 32 * mebibyte;

/** What an operation counts against `memberBytesMax` beside its record or key. */
export const operationOverheadBytes = 128;

/** Streams that one connection may have open; a client beyond it waits in its own process. */
export const concurrentStreamsMax = 4_096;

/** Bytes of one page of a partition, whatever a peer asks for, unless a single record is larger. */
export const scanPageBytesMax = 4 * mebibyte;

/** A call to a peer is given up this long after its deadline, so that a late reply can still arrive. */
export const peerGraceMs = 100;

/** A call to a peer whose operations have no deadline is given up after this. */
export const unboundedCallMs = 60_000;

/** A connection that has not been established within this time counts as unreachable; it is tried on meanwhile. */
export const connectTimeoutMs = 1_000;

/** Between two tries to fetch the list of peers, and in all. */
export const joinRetryMs = 250;
export const joinTimeoutMs = 30_000;

/** An attempt to connect is given up after this; nobody waits for it that long. */
export const connectAttemptMs = 5_000;

/** Pauses between attempts to connect to a peer, or to open a stream that it ended, double from the first to the last. */
export const reconnectMsFirst = 100;
export const reconnectMsMax = 1_000;

/** A peer that says nothing is asked after so long, and must answer within so long: else its connection is given up. */
export const keepAliveMs = 5_000;
export const keepAliveTimeoutMs = 3_000;

/** Bytes of a peer's answers on their way, for each stream and in all: a page of a scan arrives without a pause. */
export const linkWindowBytes = 4 * mebibyte;

/** Bytes of requests on one stream, waiting or not answered; above it calls are refused as `overloaded`. Lanes refuse sooner. */
export const linkBytesMax = 48 * mebibyte;

/** Bytes handed over that the network has not taken; above it calls wait, and can still be taken back unsent. */
export const linkUnsentBytesMax = 256 * kibibyte;

/** Calls of one stream under way at the node that answers; above it the node reads no further. */
export const linkCallsMax = 256;

/** Bytes of answers on one stream that its caller has not taken; above it the node reads no further calls of its. */
export const linkAnswerBytesMax = 16 * mebibyte;

/** A member that waits for its clock looks at it again after this, so that a clock that was put right is noticed. */
export const lookAgainMsMax = 60_000;

/** Probes that may fail in a row before a member counts as down. */
export const probeFailuresMax = 2;

/** How long what a member remembers of the others' logs may lag behind on disk. */
export const memberMemoryIntervalMs = 5_000;

/** Bytes a second of rebuilding and anti-entropy: some seconds a gigabyte, and clients keep most of the network. */
export const backgroundBytesPerSecondMax = 64 * mebibyte;

/** Pages of rebuilding and anti-entropy under way. */
export const backgroundPagesMax = 2;

/** A question of the background to a peer is given up after this. */
export const backgroundTimeoutMs = 5_000;

/** Copies that differ are looked at again after this, or a quarter of the interval: a write may just be on its way. */
export const secondLookMsMax = 1_000;

/** Messages of background repairs in flight to one peer: what clients wait for has eight. */
export const backgroundMessagesMax = 1;

/** How long a stopping node lets running requests finish. */
export const drainMs = 5_000;

/** How long a stop may take in all before the process ends regardless. */
export const stopMs = 9_000;

/** What buffers may take between two collections of the old generation, in percent of what its objects take: some 60 MiB. */
export const heapGrowthPercent = 300;
