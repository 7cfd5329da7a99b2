import { runInNewContext } from 'node:vm';

import { describe, expect, it } from '@jest/globals';

import { errorCodes, hasCode, isErrorCode, isKvError, KvError, toKvError } from './index.js';

describe('KvError', () => {
  it('carries its code, its facts and its cause', () => {
    const cause = new Error('below');
    const error = new KvError('unavailable', 'two replicas are down', {
      outcome: 'unknown',
      required: 2,
      received: 1,
      retryAfterMs: 50,
      cause,
    });
    expect(error).toMatchObject({
      name: 'KvError',
      code: 'unavailable',
      outcome: 'unknown',
      required: 2,
      received: 1,
      retryAfterMs: 50,
      cause,
      message: 'two replicas are down',
    });
  });

  it('has no cause where none was given', () => {
    expect('cause' in new KvError('closed', 'closed')).toBe(false);
  });

  it('is recognised by code, not by class', () => {
    const foreign = Object.assign(new Error('other copy'), { name: 'KvError', code: 'timeout' });
    const otherRealm: unknown = runInNewContext(
      "Object.assign(new Error('x'), { name: 'KvError', code: 'timeout' })",
    );
    expect(isKvError(foreign)).toBe(true);
    expect(isKvError(otherRealm)).toBe(true);
    expect(isKvError(Object.assign(new Error('x'), { name: 'KvError', code: 'ENOENT' }))).toBe(false);
    expect(isKvError({ name: 'KvError', code: 'timeout' })).toBe(false);
    expect(hasCode(foreign, 'timeout')).toBe(true);
    expect(hasCode(foreign, 'closed')).toBe(false);
    expect(hasCode('timeout', 'timeout')).toBe(false);
  });
});

describe('toKvError', () => {
  it('passes a KvError unchanged', () => {
    const error = new KvError('corrupt', 'bad checksum');
    expect(toKvError(error, { outcome: 'unknown' })).toBe(error);
  });

  it('keeps the code of an error from a package without dependencies', () => {
    const drift = Object.assign(new Error('ahead by 900 ms'), { code: 'clock-drift' });
    expect(toKvError(drift)).toMatchObject({ code: 'clock-drift', message: 'ahead by 900 ms', cause: drift });
  });

  it('calls everything else internal', () => {
    const io = Object.assign(new Error('EIO'), { code: 'EIO' });
    expect(toKvError(io, { outcome: 'unknown' })).toMatchObject({
      code: 'internal',
      outcome: 'unknown',
      cause: io,
    });
    expect(toKvError('boom')).toMatchObject({ code: 'internal', cause: 'boom' });
  });
});

describe('errorCodes', () => {
  it('is the documented closed set', () => {
    expect(errorCodes).toHaveLength(12);
    expect(errorCodes.every(isErrorCode)).toBe(true);
    expect(isErrorCode('ENOSPC')).toBe(false);
  });
});
