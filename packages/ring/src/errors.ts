/** A value that no correct caller passes; the message says what to do instead. Do not retry. */
export class InvalidArgumentError extends Error {
  override readonly name = 'InvalidArgumentError';
  readonly code = 'invalid-argument';
}
