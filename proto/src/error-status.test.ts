import { describe, expect, it } from '@jest/globals';
import { errorCodes, KvError } from '@kv/errors';

import { grpcStatusOf, kvErrorFromFailure, kvErrorToTrailer } from './error-status.js';

describe('errors on the wire', () => {
  it.each(errorCodes)('carry %s and all its facts', (code) => {
    const error = new KvError(code, 'why', {
      outcome: 'unknown',
      required: 2,
      received: 1,
      retryAfterMs: 20,
    });
    const back = kvErrorFromFailure({
      status: grpcStatusOf(code),
      details: error.message,
      trailer: kvErrorToTrailer(error),
    });
    expect(back).toMatchObject({
      code,
      message: 'why',
      outcome: 'unknown',
      required: 2,
      received: 1,
      retryAfterMs: 20,
    });
  });

  it('keep "none received" apart from "not about replicas"', () => {
    const through = (error: KvError): KvError =>
      kvErrorFromFailure({ status: 14, details: '', trailer: kvErrorToTrailer(error) });
    expect(through(new KvError('unavailable', '', { required: 2, received: 0 }))).toMatchObject({
      required: 2,
      received: 0,
    });
    expect(through(new KvError('unavailable', ''))).toMatchObject({
      required: undefined,
      received: undefined,
    });
    expect(through(new KvError('unavailable', '', { outcome: 'not-applied' })).outcome).toBe('not-applied');
  });

  it('are told from the status alone where there is no trailer, or a broken one', () => {
    expect(kvErrorFromFailure({ status: 14, details: 'connection dropped' })).toMatchObject({
      code: 'unavailable',
      outcome: undefined,
    });
    expect(kvErrorFromFailure({ status: 2, details: 'unknown' }).code).toBe('internal');
    expect(kvErrorFromFailure({ status: 4, details: '', trailer: Uint8Array.of(255, 255) }).code).toBe(
      'timeout',
    );
  });
});
