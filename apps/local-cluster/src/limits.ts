/** Member numbers reach further, but this many processes on one machine is already a stress test of the machine. */
export const nodesMax = 64;

export const portMax = 65_535;

/** A cold start of several processes on a busy two-core machine takes seconds; a minute means that it hangs. */
export const readyTimeoutMs = 60_000;

/** A node drains and flushes on SIGTERM; after this it is killed. */
export const stopTimeoutMs = 10_000;

/** How often a starting node is asked for its health, and how long one question may take. */
export const healthIntervalMs = 50;
export const healthTimeoutMs = 2_000;

/** Of a node's log, in an error about its end. */
export const logTailLines = 12;
export const logTailBytes = 16_384;
