import { KvError } from '@kv/errors';

import type { RefusalCode } from '../engine/engine.js';

export function refuseLonger(role: 'key' | 'value', bytes: Uint8Array, bytesMax: number): never {
  throw new KvError(
    'invalid-argument',
    `a ${role} of ${bytes.length} bytes exceeds ${role}BytesMax ${bytesMax}`,
    { outcome: 'not-applied' },
  );
}

/** Whoever does not look at the promise does not want to be ended by it. */
export function quietRejection(error: unknown): Promise<never> {
  // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- what was thrown, as it was
  const rejected = Promise.reject(error);
  rejected.catch(() => undefined);
  return rejected;
}

export function refusalOf(code: RefusalCode): KvError {
  return new KvError(code, refusals[code], { outcome: 'not-applied' });
}

const refusals: Readonly<Record<RefusalCode, string>> = {
  'memory-full': 'the store holds as many bytes as memoryBytesMax allows: delete something, or raise it',
  'disk-full': 'the disk is full: reads go on, writes are taken again once there is room',
  corrupt: 'the key belongs to a partition that may have lost records: it is neither read nor written',
  closed: 'the store was closed',
  internal: 'the disk failed: nothing is acknowledged any more, close and open again',
};
