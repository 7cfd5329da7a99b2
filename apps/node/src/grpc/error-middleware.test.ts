import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { KvError } from '@kv/errors';
import { KVDefinition } from '@kv/proto';
import { systemClock, systemTimers } from '@kv/storage';
import { createRecordingLogger } from '@kv/testing';
import { createChannel, createClient } from 'nice-grpc';

import type { KvService, NodeServices } from '../transport.js';
import { grpcTransport } from './grpc-transport.adapter.js';

const unused = () => Promise.reject(new Error('not called in this test'));
const abortedCalls = 20;

afterEach(() => {
  jest.restoreAllMocks();
});

/** Calls that are given up once they have all arrived; each handler then fails with what `failure` makes. */
async function abortCalls(failure: () => Error) {
  const warnings = jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
  const logger = createRecordingLogger();
  const aborts = Array.from({ length: abortedCalls }, () => new AbortController());
  let arrived = 0;
  let failed = 0;
  const put: KvService['put'] = (_, { signal }) =>
    new Promise((_resolve, reject) => {
      signal.addEventListener('abort', () => {
        reject(failure());
        failed += 1;
      });
      arrived += 1;
      if (arrived === abortedCalls) for (const abort of aborts) abort.abort();
    });
  const transport = grpcTransport({ clock: systemClock(), timers: systemTimers(), logger });
  const services = {
    kv: { get: unused, put, delete: unused, ticket: unused, scan: unused },
    cluster: { describe: unused, status: unused },
    replica: {
      write: unused,
      repair: unused,
      read: unused,
      scanPartition: unused,
      ping: unused,
      digest: unused,
    },
  } as unknown as NodeServices;
  const listener = await transport.listen({ host: '127.0.0.1', port: 0 }, services);
  const channel = createChannel(`127.0.0.1:${listener.port}`);
  const kv = createClient(KVDefinition, channel);
  const request = { key: Buffer.from('k'), value: Buffer.from('v') };
  const calls = aborts.map(({ signal }) => kv.put(request, { signal }));
  const outcomes = await Promise.allSettled(calls);
  expect(outcomes.map(({ status }) => status)).toEqual(outcomes.map(() => 'rejected'));
  while (failed < abortedCalls) await new Promise((resolve) => setTimeout(resolve, 5));
  await new Promise((resolve) => setTimeout(resolve, 20)); // The servers of these calls end in later turns.
  channel.close();
  await listener.close({ drainMs: 0 });
  return { warnings, logger };
}

describe('calls whose caller is gone', () => {
  it('leave no warning of the process, and none in the log', async () => {
    const { warnings, logger } = await abortCalls(
      () => new KvError('timeout', 'given up', { outcome: 'unknown' }),
    );
    expect(warnings).not.toHaveBeenCalled();
    expect([...logger.messages('warn'), ...logger.messages('error')]).toEqual([]);
  });

  it('may fail as aborted', async () => {
    const { warnings, logger } = await abortCalls(() => Object.assign(new Error(), { name: 'AbortError' }));
    expect(warnings).not.toHaveBeenCalled();
    expect(logger.messages('error')).toEqual([]);
  });

  it('do not hide a defect: the log has it', async () => {
    const { warnings, logger } = await abortCalls(() => new TypeError('a defect'));
    expect(warnings).not.toHaveBeenCalled();
    expect(logger.messages('error')).toHaveLength(abortedCalls);
  });
});
