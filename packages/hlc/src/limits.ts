/** 2020-01-01T00:00:00Z. Counting from here instead of 1970 buys fifty years with the same 41 bits. */
export const epochUnixMs = 1_577_836_800_000;

/** Timestamps in one millisecond: 12 bits of counter. A process issues about 4 million a second before it borrows from the next. */
export const timestampsPerMs = 4_096;

/** 41 bits of milliseconds: until 2089-09-06. 41 + 12 = 53 bits, exactly the safe integers. */
export const physicalMsMax = 2 ** 41 - 1;

/** How far apart clocks may be. NTP keeps machines within tens of milliseconds; half a second tells a fault from bad luck. */
export const maxDriftMsDefault = 500;
/** Below this the time a message travels would look like drift. */
export const maxDriftMsMin = 10;
/** Above this a wrong clock could decide who wins for longer than anyone would wait. */
export const maxDriftMsMax = 3_600_000;

/** A version's node is 16 bits of member number and 16 bits of incarnation. */
export const memberMax = 0xffff;
export const incarnationMax = 0xffff;

/** How fast two sound clocks of one machine may slide against each other. NTP slews by at most 500 parts in a million. */
export const slewPartsPerMillionMax = 1_000;
/** With no peer to ask, a wall clock that jumped is believed once it has run steadily for this long. */
export const stableOffsetMs = 10_000;
/** A peer's clock observed longer ago says nothing about now: crystals drift by some milliseconds a minute. */
export const peerSampleFreshMs = 60_000;
/** How often the peers' votes are counted when nothing new was heard: samples age, and counting touches every peer. */
export const voteEveryMs = 1_000;
