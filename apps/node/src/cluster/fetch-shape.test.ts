import { describe, expect, it } from '@jest/globals';
import { createManualClock, createManualTimers, createRecordingLogger } from '@kv/testing';

import { joinRetryMs, joinTimeoutMs } from '../limits.js';
import type { NodeTransport } from '../transport.js';
import { fetchShape } from './fetch-shape.js';

describe('a member to join that does not answer', () => {
  it('is told of once, at the first try, and given up in the end', async () => {
    const clock = createManualClock({ nowMs: 0 });
    const timers = createManualTimers(clock);
    const logger = createRecordingLogger();
    let tries = 0;
    const connection = {
      describe: () => {
        tries += 1;
        return Promise.reject(new Error('refused'));
      },
      close: () => undefined,
    };
    const transport = { connect: () => connection } as unknown as NodeTransport;
    const fetching = fetchShape('h:9', { transport, clock, timers, logger });
    const failure = fetching.then(
      () => undefined,
      (error: unknown) => error,
    );
    await timers.advanceAsync(0);
    expect(tries).toBe(1);
    const waiting = [expect.stringMatching(/^waiting for h:9 /)];
    expect(logger.messages('warn')).toEqual(waiting);
    await timers.advanceAsync(joinTimeoutMs + joinRetryMs);
    expect(tries).toBeGreaterThan(2);
    expect(logger.messages('warn')).toEqual(waiting);
    expect(await failure).toMatchObject({ reason: 'cluster', message: expect.stringContaining('h:9') });
  });
});
