/** Writes that are handed over together, and reads: a system that takes batches gets them of this size. */
export const groupSize = 1_000;

/** Of the log that is not fsynced for every write, as in the program whose figures the mixed load is compared with. */
export const intervalMs = 200;

/** Different keys of the mixed load and of the long run. */
export const mixedKeys = 1_000;

/** Writers that wait for their writes. */
export const writers = 256;
