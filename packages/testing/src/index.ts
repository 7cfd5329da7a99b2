// Time.
export { createManualClock, type ManualClock, type ManualClockOptions } from './manual-clock.js';
export { createManualTimers, type AdvanceableClock, type ManualTimers } from './manual-timers.js';

// Randomness.
export { createSeededRandom, type SeededRandom } from './seeded-random.js';

// Logs.
export {
  createRecordingLogger,
  type LogEntry,
  type LogLevel,
  type RecordingLogger,
} from './recording-logger.js';
