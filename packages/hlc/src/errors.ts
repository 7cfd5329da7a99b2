/** A value that no correct caller passes. Do not retry; nothing happened. */
export class InvalidArgumentError extends Error {
  override readonly name = 'InvalidArgumentError';
  readonly code = 'invalid-argument';
}

/**
 * Clocks disagree by more than is allowed: a remote timestamp lies too far ahead, or this machine's wall clock is unusable.
 * Nothing was merged or issued. Retry once the clocks were set right.
 */
export class ClockDriftError extends Error {
  override readonly name = 'ClockDriftError';
  readonly code = 'clock-drift';
}
