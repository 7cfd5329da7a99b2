/** Writes that are handed over together, and reads: a system that takes batches gets them of this size. */
export const groupSize = 1_000;

/** Groups of writes that are under way at a time. */
export const groupsUnderWay = 4;

/** Of the log that is not fsynced for every write, as in the program whose figures the mixed load is compared with. */
export const intervalMs = 200;

/** Different keys of the mixed load and of the long run. */
export const mixedKeyCount = 1_000;

/** Writers that wait for their writes. */
export const writerCount = 256;

/** Operations of the stress for each key. */
export const stressOperationsPerKey = 5;

/** The long run tells its figures so often. */
export const longWindows = 5;
