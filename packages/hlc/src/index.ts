// Timestamps.
export {
  counterOf,
  isTimestamp,
  maxTimestamp,
  physicalMs,
  plusMs,
  timestampOf,
  zeroTimestamp,
  type Timestamp,
} from './timestamp.js';
export { format, fromDate, parse, toDate } from './timestamp-text.js';

// Versions.
export {
  compareVersions,
  incarnationOf,
  memberOf,
  versionNode,
  type Version,
  type VersionNodeParts,
} from './version.js';

// The clock.
export {
  createHybridLogicalClock,
  type HybridLogicalClock,
  type HybridLogicalClockOptions,
  type HybridLogicalClockPorts,
} from './hybrid-logical-clock.js';
export { type Clock, type WallClock } from './clock.js';

// Whether this machine's clock may be trusted.
export {
  createClockFence,
  type ClockFence,
  type ClockFenceOptions,
  type ClockFencePorts,
  type ClockVerdict,
} from './clock-fence.js';
export { type PeerObservation } from './peer-clocks.js';

// Errors and limits.
export { ClockDriftError, InvalidArgumentError } from './errors.js';
export { maxDriftMsDefault } from './limits.js';
