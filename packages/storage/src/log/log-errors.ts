import { KvError } from '@kv/errors';

export function diskFull(): KvError {
  return new KvError(
    'disk-full',
    'the disk is full: the write is kept in memory and may become durable later',
    { outcome: 'unknown' },
  );
}

export function diskFullAtClose(): KvError {
  return new KvError('disk-full', 'closed, but the disk is full: writes not acknowledged may be lost', {
    outcome: 'unknown',
  });
}

export function closed(): KvError {
  return new KvError('closed', 'the store was closed', { outcome: 'unknown' });
}

export function failed(what: string, cause: unknown): KvError {
  return new KvError('internal', `${what}: nothing is acknowledged any more, start again`, {
    outcome: 'unknown',
    cause,
  });
}

/** A rejection that may be left alone. */
export function quietRejection(error: Error): Promise<never> {
  const rejected = Promise.reject(error);
  rejected.catch(() => undefined);
  return rejected;
}
