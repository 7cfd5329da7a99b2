import { isKvError, type KvError } from '@kv/errors';
import { isNativeError } from 'node:util/types';

import { type ExitCode, exitCodes } from './exit-code.js';

/** The command line asks for something that cannot be. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** The reader of our output went away, as `head` does when it has seen enough. Not a failure. */
export class BrokenPipeError extends Error {
  override readonly name = 'BrokenPipeError';
}

export function exitCodeOf(error: unknown): ExitCode {
  if (error instanceof BrokenPipeError) return exitCodes.ok;
  if (error instanceof UsageError) return exitCodes.usage;
  return isKvError(error) && error.code === 'invalid-argument' ? exitCodes.usage : exitCodes.failed;
}

/** One line for a person. */
export function sentenceOf(error: unknown): string {
  if (!isKvError(error)) return messageOf(error);
  const facts = factsOf(error);
  return `${error.code}: ${error.message}${facts.length > 0 ? ` (${facts.join(', ')})` : ''}`;
}

/** The same for a program. */
export function errorObjectOf(error: unknown): object {
  if (!isKvError(error)) return { error: { message: messageOf(error) } };
  const { code, message, outcome, required, received, retryAfterMs } = error;
  return { error: { code, message, outcome, required, received, retryAfterMs } };
}

function factsOf({ outcome, required, received }: KvError): string[] {
  const facts = [];
  if (required !== undefined) facts.push(`${received ?? 0} of ${required} replicas answered`);
  if (outcome === 'unknown') facts.push('it may have taken effect');
  if (outcome === 'not-applied') facts.push('nothing was changed');
  return facts;
}

/** What happened, without the code: for where it says no more. */
export function messageOf(error: unknown): string {
  return isNativeError(error) ? error.message : String(error);
}
