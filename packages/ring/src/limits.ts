/** The default number of partitions: 100 nodes still hold about 30 each at factor 3, and a digest per partition stays small. */
export const partitionsDefault = 1_024;
/** More would make every view, digest and metric large for nothing. */
export const partitionsMax = 65_536;

/** Beyond this every write waits for machines that add nothing. */
export const replicationFactorMax = 15;

/** A member number is 16 bits of every version, and 0 means nobody. */
export const memberNumberMax = 0xffff;

/** Weights are ratios; outside this span somebody mixed up units. */
export const weightMin = 0.001;
export const weightMax = 1_000_000;
