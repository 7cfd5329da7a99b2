import { KvError } from '@kv/errors';
import type { DirectoryInspection, RecoveryForecast } from '@kv/storage';

import type { Output } from '../output.js';

/**
 * `intact`: it opens, and everything acknowledged is there. `damaged`: something that was not as written may have been
 * acknowledged. `refused`: it would not be opened.
 */
export type Verdict = 'intact' | 'damaged' | 'refused';

export function verdictOf({ refusal, recovery }: DirectoryInspection): Verdict {
  if (refusal !== undefined || recovery === undefined) return 'refused';
  return recovery.damage.length + recovery.suspectPartitions.length === 0 ? 'intact' : 'damaged';
}

/** @throws KvError `corrupt` with the reason why the directory would not be opened */
export function forecastOf({ directory, refusal, recovery }: DirectoryInspection): RecoveryForecast {
  if (recovery !== undefined && refusal === undefined) return recovery;
  throw new KvError('corrupt', refusal ?? `${directory} would not be opened`);
}

/** The directory's lock names a process also when that one died without giving it back. */
export async function warnOfOwner({ lockedBy }: DirectoryInspection, err: Output): Promise<void> {
  if (lockedBy === undefined) return;
  await err.line(
    `process ${lockedBy} has the directory, or had it when it died: if it runs, what is shown is a mixture of before and after`,
  );
}

/** `1 record`, `2 records` */
export function counted(count: number, thing: string): string {
  return `${count} ${thing}${count === 1 ? '' : 's'}`;
}
