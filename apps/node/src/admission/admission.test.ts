import { describe, expect, it } from '@jest/globals';
import type { Caller, Coordinator, RunningOperation } from '@kv/replication';

import { requestOverheadBytes } from '../limits.js';
import { createAdmission } from './admission.js';
import { admittedCoordinator } from './admitted-coordinator.js';
import { systemLoopDelay } from './loop-delay.adapter.js';

const options = { bytesMax: 100, delayMsMax: 200, retryAfterMs: 30 };
const overloaded = { code: 'overloaded', outcome: 'not-applied', retryAfterMs: 30 };

describe('admission', () => {
  it('takes bytes up to its bound, and again once they were given back', () => {
    const admission = createAdmission(options, {});
    admission.take(60);
    admission.take(40);
    expect(() => admission.take(1)).toThrow(expect.objectContaining(overloaded));
    admission.give(60);
    admission.take(60);
  });

  it('takes a single request however large it is', () => {
    const admission = createAdmission(options, {});
    admission.take(1_000);
    expect(() => admission.take(1)).toThrow(expect.objectContaining(overloaded));
  });

  it('refuses while turns take too long, unless the node has nothing to do', () => {
    let delayMs = 201;
    const admission = createAdmission(options, { loopDelay: { currentMs: () => delayMs } });
    admission.take(10);
    expect(() => admission.take(1)).toThrow(expect.objectContaining(overloaded));
    delayMs = 200;
    admission.take(1);
  });

  it('looks at turns now and then while all is well, and with each request once they take too long', () => {
    let delayMs = 0;
    let looks = 0;
    const currentMs = (): number => {
      looks += 1;
      return delayMs;
    };
    const admission = createAdmission({ ...options, bytesMax: 1_000 }, { loopDelay: { currentMs } });
    for (let request = 0; request < 100; request += 1) admission.take(1);
    expect(looks).toBeLessThan(20);
    delayMs = 201;
    let refused = 0;
    for (let request = 0; request < 100; request += 1) {
      try {
        admission.take(1);
      } catch {
        refused += 1;
      }
    }
    // Sixteen at most come in before it looks.
    expect(refused).toBeGreaterThanOrEqual(84);
    delayMs = 0;
    admission.take(1);
  });
});

/** A coordinator whose operations are answered by the test. */
function openCoordinator() {
  const callers: Caller<unknown>[] = [];
  let abandoned = 0;
  const begin = (_request: unknown, _options: unknown, caller: Caller<unknown>): RunningOperation => {
    callers.push(caller);
    return { abandon: () => void (abandoned += 1) };
  };
  const submit = { get: begin, put: begin, delete: begin, ticket: begin, replicaRead: begin };
  // eslint-disable-next-line @typescript-eslint/require-await -- the scan of a coordinator is one
  const scan = async function* () {
    yield { entries: [], next: undefined };
  };
  return { coordinator: { submit, scan } as unknown as Coordinator, callers, abandoned: () => abandoned };
}

const key = Buffer.from('k');
const level = { consistency: 'quorum' } as const;
const bytesOfOne = requestOverheadBytes + key.length;

function bounded(requests: number) {
  const open = openCoordinator();
  const admission = createAdmission({ ...options, bytesMax: requests * bytesOfOne }, {});
  return { ...open, admitted: admittedCoordinator(open.coordinator, admission) };
}

describe('a coordinator behind admission', () => {
  it('refuses what is too much before it is begun, and takes more once something was answered', async () => {
    const { admitted, callers } = bounded(2);
    const first = admitted.get({ key, ...level });
    const second = admitted.delete({ key, ...level, wantPrevious: false });
    await expect(admitted.get({ key, ...level })).rejects.toMatchObject(overloaded);
    expect(callers).toHaveLength(2);
    callers[0]!.resolve('found');
    expect(await first).toBe('found');
    callers[1]!.reject(new Error('failed'));
    await expect(second).rejects.toThrow('failed');
    void admitted.get({ key, ...level });
    void admitted.get({ key, ...level });
    expect(callers).toHaveLength(4);
  });

  it('counts the value of a put', async () => {
    const { admitted, callers } = bounded(2);
    void admitted.get({ key, ...level });
    const put = { key, ...level, wantPrevious: false, value: Buffer.alloc(1) };
    await expect(admitted.put(put)).rejects.toMatchObject(overloaded);
    expect(callers).toHaveLength(1);
  });

  it('gives back once what was abandoned, though it is answered later', async () => {
    const { admitted, callers, abandoned } = bounded(1);
    const caller = { resolve: () => undefined, reject: () => undefined };
    admitted.submit.get({ key, ...level }, {}, caller).abandon();
    expect(abandoned()).toBe(1);
    callers[0]!.reject(new Error('abandoned'));
    void admitted.get({ key, ...level });
    await expect(admitted.get({ key, ...level })).rejects.toMatchObject(overloaded);
  });

  it('takes a scan for as long as somebody reads it', async () => {
    const { admitted } = bounded(1);
    const scan = admitted.scan(level);
    await scan.next();
    await expect(admitted.get({ key, ...level })).rejects.toMatchObject(overloaded);
    await scan.return();
    void admitted.get({ key, ...level });
    await expect(admitted.scan(level).next()).rejects.toMatchObject(overloaded);
  });
});

describe('the delay of the event loop', () => {
  it('is seen when turns are long', async () => {
    const delay = systemLoopDelay();
    delay.currentMs();
    let seenMs = 0;
    while (seenMs < 20) {
      const untilMs = performance.now() + 60;
      while (performance.now() < untilMs);
      await new Promise((resolve) => setTimeout(resolve, 1));
      seenMs = delay.currentMs();
    }
    expect(seenMs).toBeGreaterThanOrEqual(20);
  });
});
