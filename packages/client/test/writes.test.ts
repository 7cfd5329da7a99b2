import { describe, expect, it } from '@jest/globals';
import { KvError } from '@kv/errors';
import { plusMs, timestampOf } from '@kv/hlc';
import type { PutRequest } from '@kv/proto';
import fc from 'fast-check';

import { KvClient, unknown } from '../src/index.js';
import { createFakeCluster, type FakeCluster, type Fault } from './fake-cluster.js';

const endpoints = ['a:1', 'b:1', 'c:1'];
const lost = { failAfter: new KvError('unavailable', 'connection dropped') };
const refused = { fail: new KvError('overloaded', 'full', { outcome: 'not-applied' }) };

function puts(cluster: FakeCluster): PutRequest[] {
  return cluster.calls.filter(({ method }) => method === 'put').map(({ request }) => request as PutRequest);
}

/** Every node's next puts meet these faults, whichever node is asked: attempts move from one to the next. */
function plan(cluster: FakeCluster, faults: readonly Fault[]): void {
  const shared = [...faults];
  for (const endpoint of endpoints) {
    Object.assign(cluster.node(endpoint).faults, { put: { shift: () => shared.shift() } });
  }
}

async function outcomeOf(faults: readonly Fault[]): Promise<unknown> {
  const cluster = createFakeCluster();
  plan(cluster, faults);
  return cluster.settle(
    new KvClient(endpoints, {}, cluster.ports).put('k', 'v').then(
      () => 'ok',
      (error: unknown) => (error as KvError).outcome,
    ),
  );
}

describe('the outcome of a write over its attempts (rule 12)', () => {
  it('is ok if the last is ok, whatever came before', async () => {
    expect(await outcomeOf([lost, refused])).toBe('ok');
    expect(await outcomeOf(['hang', lost])).toBe('ok');
  });

  it('is unknown if any was unknown', async () => {
    expect(await outcomeOf([lost, refused, refused])).toBe('unknown');
    expect(await outcomeOf([refused, lost, refused])).toBe('unknown');
    expect(await outcomeOf(['hang', 'hang', 'hang'])).toBe('unknown');
  });

  it('is not-applied only if each was', async () => {
    expect(await outcomeOf([refused, refused, refused])).toBe('not-applied');
  });

  it('goes on within the deadline while nodes only say that the stamp window was over', async () => {
    const tooLate = { fail: new KvError('timeout', 'over', { outcome: 'not-applied' }) };
    expect(await outcomeOf([tooLate, tooLate, tooLate, tooLate, tooLate])).toBe('ok');
    expect(await outcomeOf(Array.from({ length: 1_000 }, () => tooLate))).toBe('not-applied');
  });

  it('is not made unknown by an attempt that could not have been answered any more', async () => {
    const cluster = createFakeCluster();
    // Three refusals fit into the time only if the last one leaves with a few milliseconds to go.
    const slow = { fail: new KvError('overloaded', 'full', { outcome: 'not-applied', retryAfterMs: 240 }) };
    plan(cluster, [slow, slow, 'hang']);
    const failure = cluster.settle(
      new KvClient(endpoints, {}, cluster.ports).put('k', 'v', { timeoutMs: 490 }),
    );
    await expect(failure).rejects.toMatchObject({ code: 'timeout', outcome: 'not-applied' });
    expect(puts(cluster)).toHaveLength(2);
  });

  it('is told although the time is short from the beginning', async () => {
    const cluster = createFakeCluster();
    const client = new KvClient(endpoints, {}, cluster.ports);
    await cluster.settle(client.put('k', 'v', { timeoutMs: 5 }));
    expect(puts(cluster)).toHaveLength(1);
  });

  it('is not-applied where a node did not understand the request', async () => {
    expect(await outcomeOf([{ fail: new KvError('unimplemented', 'no such method') }])).toBe('not-applied');
  });

  it('keeps the facts of the answer that counted replicas', async () => {
    const cluster = createFakeCluster();
    const told = new KvError('unavailable', 'too few', { outcome: 'unknown', required: 2, received: 1 });
    plan(cluster, [{ fail: told }, refused, refused]);
    const failure = cluster.settle(new KvClient(endpoints, {}, cluster.ports).put('k', 'v'));
    await expect(failure).rejects.toMatchObject({
      code: 'unavailable',
      outcome: 'unknown',
      required: 2,
      received: 1,
    });
  });
});

describe('stamp ceilings (rule 11)', () => {
  it('bound each attempt to 400 ms, or to what is left of its time', async () => {
    const cluster = createFakeCluster();
    const client = new KvClient(endpoints, {}, cluster.ports);
    await cluster.settle(client.put('k', 'v'));
    expect(puts(cluster)[0]).toMatchObject({
      stampAbove: 0,
      stampNotAfter: plusMs(timestampOf(sent(cluster)), 400),
    });
    await cluster.settle(client.put('k', 'v', { timeoutMs: 90 }));
    expect(puts(cluster)[1]!.stampNotAfter - cluster.serverTime()).toBeLessThanOrEqual(90 * 4096);
  });

  it('hold a retry above the attempt before it', async () => {
    const cluster = createFakeCluster();
    plan(cluster, [lost]);
    await cluster.settle(new KvClient(endpoints, {}, cluster.ports).put('k', 'v'));
    const [first, second] = puts(cluster);
    expect(second!.stampAbove).toBe(first!.stampNotAfter);
    expect(second!.stampNotAfter).toBeGreaterThan(second!.stampAbove);
    expect(second!.operationId).toEqual(first!.operationId);
  });

  it('hold the next write of the key, put or delete, above an attempt that was given up', async () => {
    const cluster = createFakeCluster();
    const client = new KvClient(['a:1'], {}, cluster.ports);
    const controller = new AbortController();
    cluster.node('a:1').faults.put.push('hang');
    const given = client.put('k', 'old', { signal: controller.signal });
    await cluster.timers.advanceAsync(10);
    controller.abort();
    await expect(given).rejects.toMatchObject({ name: 'AbortError' });
    await cluster.settle(client.put('other', 'v'));
    await cluster.settle(client.delete('k'));
    const [first, other] = puts(cluster);
    const removal = cluster.calls.at(-1)!.request as PutRequest;
    expect(other!.stampAbove).toBe(0);
    expect(removal.stampAbove).toBe(first!.stampNotAfter);
    await cluster.settle(client.put('k', 'new'));
    expect(puts(cluster).at(-1)!.stampAbove).toBe(0); // The delete was acknowledged above it.
  });

  it('are not cleared by a write at ONE: the next coordinator need not meet that one replica', async () => {
    const cluster = createFakeCluster();
    const client = new KvClient(['a:1'], {}, cluster.ports);
    cluster.node('a:1').faults.put.push('hang');
    await expect(cluster.settle(client.put('k', 'v', { timeoutMs: 300 }))).rejects.toMatchObject({
      outcome: 'unknown',
    });
    for (const consistency of ['one', 'quorum', 'quorum'] as const) {
      await cluster.settle(client.put('k', 'v', { consistency }));
    }
    const [abandoned, ...later] = puts(cluster);
    const ceiling = abandoned!.stampNotAfter;
    expect(later.map(({ stampAbove }) => stampAbove)).toEqual([ceiling, ceiling, 0]);
  });

  it('are forgotten once server time is two seconds past them', async () => {
    const cluster = createFakeCluster();
    const client = new KvClient(['a:1'], {}, cluster.ports);
    cluster.node('a:1').faults.put.push('hang');
    await expect(cluster.settle(client.put('k', 'v', { timeoutMs: 50 }))).rejects.toMatchObject({
      code: 'timeout',
    });
    await cluster.timers.advanceAsync(1_900);
    cluster.node('a:1').faults.put.push({ fail: new KvError('invalid-argument', 'no') });
    await cluster.settle(client.put('k', 'v').catch(() => undefined));
    expect(puts(cluster).at(-1)!.stampAbove).toBe(puts(cluster)[0]!.stampNotAfter);
    await cluster.timers.advanceAsync(200);
    await cluster.settle(client.put('k', 'v'));
    expect(puts(cluster).at(-1)!.stampAbove).toBe(0);
  });

  it('make a write wait while they are beyond the window of a node whose clock is behind', async () => {
    const cluster = createFakeCluster();
    const client = new KvClient(endpoints, {}, cluster.ports);
    await cluster.settle(client.get('k'));
    const first = cluster.calls[0]!.endpoint;
    for (const endpoint of endpoints) cluster.node(endpoint).skewMs = endpoint === first ? 0 : -300;
    plan(cluster, [lost]);
    await cluster.settle(client.put('k', 'v'));
    const [before, after] = puts(cluster);
    expect(after!.stampAbove).toBe(before!.stampNotAfter);
    // Within 400 ms of the second node's own time when it was sent, so within its drift bound.
    const second = cluster.calls.at(-1)!.endpoint;
    expect(after!.stampAbove - cluster.serverTime(second)).toBeLessThanOrEqual(400 * 4096);
  });

  it('fail a write whose time does not suffice for that wait as not applied', async () => {
    const cluster = createFakeCluster();
    const client = new KvClient(['a:1'], {}, cluster.ports);
    cluster.node('a:1').faults.put.push('hang');
    await expect(cluster.settle(client.put('k', 'v', { timeoutMs: 300 }))).rejects.toMatchObject({
      outcome: 'unknown',
    });
    cluster.node('a:1').skewMs = -400;
    const next = cluster.settle(client.put('k', 'v', { timeoutMs: 20 }));
    await expect(next).rejects.toMatchObject({ code: 'timeout', outcome: 'not-applied' });
    expect(puts(cluster)).toHaveLength(1);
  });

  it('keep to the rule whatever the attempts meet', async () => {
    const fault = fc.constantFrom<Fault>(undefined, lost, refused, 'hang');
    const step = fc.record({
      faults: fc.array(fault, { minLength: 1, maxLength: 3 }),
      skewMs: fc.integer({ min: -250, max: 250 }),
      waitMs: fc.integer({ min: 0, max: 500 }),
      timeoutMs: fc.integer({ min: 20, max: 3_000 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.integer(), fc.array(step, { minLength: 1, maxLength: 6 }), async (seed, steps) => {
        const cluster = createFakeCluster(seed);
        const client = new KvClient(endpoints, {}, cluster.ports);
        for (const { faults, skewMs, waitMs, timeoutMs } of steps) {
          plan(cluster, faults);
          cluster.node('b:1').skewMs = skewMs;
          const before = puts(cluster).length;
          const result = await cluster.settle(
            client.put('k', 'v', { timeoutMs }).then(
              ({ version }) => version,
              (error: unknown) => error as KvError,
            ),
          );
          const attempts = puts(cluster).slice(before);
          expect(attempts.length).toBeLessThanOrEqual(3);
          checkAttempts(attempts, faults);
          // Whatever was unknown so far may still be stamped; an acknowledged write has to lie above all of it.
          if (!(result instanceof Error)) {
            for (const attempt of attempts.slice(0, -1)) {
              if (isUnknown(faults[attempts.indexOf(attempt)])) {
                expect(result.timestamp).toBeGreaterThan(attempt.stampNotAfter);
              }
            }
          }
          await cluster.timers.advanceAsync(waitMs);
        }
        expect(cluster.writesTogetherMax).toBeLessThanOrEqual(1);
      }),
      { numRuns: 60 },
    );
  });
});

function isUnknown(fault: Fault): boolean {
  return fault === lost || fault === 'hang';
}

function checkAttempts(attempts: readonly PutRequest[], faults: readonly Fault[]): void {
  for (const [index, attempt] of attempts.entries()) {
    expect(attempt.stampNotAfter).toBeGreaterThan(attempt.stampAbove);
    for (const [earlier, { stampNotAfter }] of attempts.slice(0, index).entries()) {
      if (isUnknown(faults[earlier])) expect(attempt.stampAbove).toBeGreaterThanOrEqual(stampNotAfter);
    }
  }
}

/** When the first put was sent: no time passed since on the manual clock. */
function sent(cluster: FakeCluster): number {
  return Math.floor(cluster.ports.clock!.monotonicMs()) - 1_000 + 1_767_225_600_000;
}

describe('the previous value', () => {
  it('is a value, undefined for none', async () => {
    const cluster = createFakeCluster();
    const client = new KvClient(endpoints, {}, cluster.ports);
    expect((await cluster.settle(client.put('k', 'one'))).previous).toBeUndefined();
    expect((await cluster.settle(client.put('k', 'two'))).previous).toBe('one');
    expect((await cluster.settle(client.delete('k'))).previous).toBe('two');
    expect((await cluster.settle(client.delete('k'))).previous).toBeUndefined();
  });

  it('is unknown where it was declined', async () => {
    const cluster = createFakeCluster();
    const client = new KvClient(endpoints, {}, cluster.ports);
    expect((await cluster.settle(client.put('k', 'one', { previous: false }))).previous).toBe(unknown);
    expect(puts(cluster)[0]!.omitPrevious).toBe(true);
  });

  it('is unknown where it does not fit the encoding: the write succeeded all the same', async () => {
    const cluster = createFakeCluster();
    cluster.stored.set('k', Uint8Array.of(0xff));
    const client = new KvClient(endpoints, {}, cluster.ports);
    expect((await cluster.settle(client.put('k', 'text'))).previous).toBe(unknown);
  });
});

describe('the operation id', () => {
  it('has 8 bytes of the client and 8 of its sequence, and is fresh for each operation', async () => {
    const cluster = createFakeCluster();
    const client = new KvClient(endpoints, {}, cluster.ports);
    await cluster.settle(client.put('k', '1'));
    await cluster.settle(client.put('k', '2'));
    const [first, second] = puts(cluster).map(({ operationId }) => operationId);
    expect(first).toHaveLength(16);
    expect(first!.subarray(0, 8)).toEqual(second!.subarray(0, 8));
    expect(second!.readBigUInt64BE(8) - first!.readBigUInt64BE(8)).toBe(1n);
    const other = createFakeCluster(2);
    await other.settle(new KvClient(endpoints, {}, other.ports).put('k', '1'));
    expect(puts(other)[0]!.operationId.subarray(0, 8)).not.toEqual(first!.subarray(0, 8));
  });
});
