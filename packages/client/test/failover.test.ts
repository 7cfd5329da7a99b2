import { describe, expect, it } from '@jest/globals';
import { KvError } from '@kv/errors';

import { KvClient, type KvClientOptions } from '../src/index.js';
import { createFakeCluster, type FakeCluster } from './fake-cluster.js';

const endpoints = ['a:1', 'b:1', 'c:1'];
const down = new KvError('unavailable', 'connection dropped');

function clientOf(cluster: FakeCluster, options: KvClientOptions = {}): KvClient {
  return new KvClient(endpoints, options, cluster.ports);
}

/** Endpoints in the order in which they were sent what is named. */
function sentTo(cluster: FakeCluster, method: string): string[] {
  return cluster.calls.filter((call) => call.method === method).map(({ endpoint }) => endpoint);
}

/** After a restart with a clock that was far ahead before it. */
const notReady = new KvError('unavailable', 'the clock is not ready', {
  outcome: 'not-applied',
  retryAfterMs: 3_600_000,
});

describe('failover', () => {
  it('goes elsewhere at once when a node asks for an hour', async () => {
    const cluster = createFakeCluster();
    const client = clientOf(cluster);
    await cluster.settle(client.get('k'));
    const [first] = sentTo(cluster, 'get');
    cluster.node(first!).faults.put.push({ fail: notReady });
    const put = client.put('k', 'v');
    await cluster.timers.advanceAsync(1_000);
    expect(sentTo(cluster, 'put')).toHaveLength(2);
    await cluster.settle(put);
    await client.close();
  });

  it('does no I/O before the first operation', async () => {
    const cluster = createFakeCluster();
    const client = clientOf(cluster);
    await cluster.timers.advanceAsync(60_000);
    expect(cluster.calls).toEqual([]);
    expect(cluster.timers.pending).toBe(0);
    await client.close();
  });

  it('asks an endpoint for its status first, then stays with it', async () => {
    const cluster = createFakeCluster();
    const client = clientOf(cluster);
    for (let i = 0; i < 5; i += 1) await cluster.settle(client.put('k', String(i)));
    expect(cluster.calls.map(({ method }) => method)).toEqual(['status', 'put', 'put', 'put', 'put', 'put']);
    expect(new Set(cluster.calls.map(({ endpoint }) => endpoint)).size).toBe(1);
  });

  it('shares the first contact between operations that start together', async () => {
    const cluster = createFakeCluster();
    const client = clientOf(cluster);
    await cluster.settle(Promise.all(['a', 'b', 'c'].map((key) => client.get(key))));
    expect(sentTo(cluster, 'status')).toHaveLength(1);
  });

  it('begins at different endpoints in different clients', async () => {
    const first = new Set<string>();
    for (let seed = 1; seed <= 20; seed += 1) {
      const cluster = createFakeCluster(seed);
      await cluster.settle(clientOf(cluster).get('k'));
      first.add(cluster.calls[0]!.endpoint);
    }
    expect(first).toEqual(new Set(endpoints));
  });

  it('reaches the one endpoint that is up, sending nothing to the others', async () => {
    for (const survivor of endpoints) {
      const cluster = createFakeCluster();
      for (const endpoint of endpoints) cluster.node(endpoint).up = endpoint === survivor;
      const client = clientOf(cluster);
      await cluster.settle(client.put('k', 'v'));
      await cluster.settle(client.put('k', 'v'));
      expect(sentTo(cluster, 'put')).toEqual([survivor, survivor]);
      expect(sentTo(cluster, 'status')).toEqual([survivor]);
    }
  });

  it('moves to the next endpoint when a call fails, and stays there', async () => {
    const cluster = createFakeCluster();
    const client = clientOf(cluster);
    await cluster.settle(client.get('k'));
    const [first] = sentTo(cluster, 'get');
    cluster.node(first!).faults.get.push({ fail: down });
    await cluster.settle(client.get('k'));
    await cluster.settle(client.get('k'));
    const second = endpoints[(endpoints.indexOf(first!) + 1) % 3]!;
    expect(sentTo(cluster, 'get')).toEqual([first, first, second, second]);
  });

  it('moves once, not once per operation, when many fail together', async () => {
    const cluster = createFakeCluster();
    const client = clientOf(cluster);
    await cluster.settle(client.get('k'));
    const [first] = sentTo(cluster, 'get');
    const node = cluster.node(first!);
    for (let i = 0; i < 10; i += 1) node.faults.get.push({ fail: down });
    await cluster.settle(Promise.all(Array.from({ length: 10 }, () => client.get('k'))));
    const second = endpoints[(endpoints.indexOf(first!) + 1) % 3]!;
    expect(new Set(sentTo(cluster, 'get').slice(11))).toEqual(new Set([second]));
    expect(sentTo(cluster, 'status')).toHaveLength(2);
  });

  it('takes no time from a node that waits for its clock', async () => {
    const cluster = createFakeCluster();
    const client = clientOf(cluster);
    await cluster.settle(client.get('k'));
    const [first] = sentTo(cluster, 'get');
    const second = cluster.node(endpoints[(endpoints.indexOf(first!) + 1) % 3]!);
    second.serving = false;
    second.skewMs = 3_600_000;
    cluster.node(first!).faults.put.push({ fail: down });
    second.faults.put.push({ fail: notReady });
    await cluster.settle(client.put('k', 'v'));
    for (const { request } of cluster.calls.filter(({ method }) => method === 'put')) {
      const { stampNotAfter } = request as { stampNotAfter: number };
      expect(stampNotAfter).toBeLessThan(cluster.serverTime() + 60_000 * 4_096);
    }
    expect(sentTo(cluster, 'put').length).toBeGreaterThan(1);
    await client.close();
  });

  it('leaves a silent endpoint in time for another to answer', async () => {
    const cluster = createFakeCluster();
    const client = clientOf(cluster, { timeoutMs: 400 });
    await cluster.settle(client.get('k'));
    cluster.node(sentTo(cluster, 'get')[0]!).faults.get.push('hang');
    await cluster.settle(client.get('k'));
    for (const endpoint of endpoints) cluster.node(endpoint).faults.status.push('hang');
    const other = clientOf(cluster, { timeoutMs: 10_000 });
    await cluster.settle(other.get('k'));
    expect(new Set(sentTo(cluster, 'status'))).toEqual(new Set(endpoints));
  });

  it('gives up after three passes when nothing answers, and says for each endpoint why', async () => {
    const cluster = createFakeCluster();
    for (const endpoint of endpoints) cluster.node(endpoint).up = false;
    const failure = await cluster.settle(
      clientOf(cluster)
        .put('k', 'v')
        .catch((error: unknown) => error),
    );
    expect(failure).toMatchObject({ name: 'KvError', code: 'unavailable', outcome: 'not-applied' });
    for (const endpoint of endpoints) expect((failure as Error).message).toContain(endpoint);
  });

  it('fails at once after it was unreachable for a while, and one operation at a time asks on', async () => {
    const cluster = createFakeCluster();
    for (const endpoint of endpoints) {
      cluster.node(endpoint).faults.status.push(...Array.from({ length: 99 }, () => 'hang' as const));
    }
    const client = clientOf(cluster);
    const unavailable = { code: 'unavailable', outcome: 'not-applied' };
    const first = client.put('k', 'v', { timeoutMs: 10_000 });
    const failed = expect(first).rejects.toMatchObject({ outcome: 'not-applied' });
    await cluster.timers.advanceAsync(10_000);
    await failed;
    const asked = sentTo(cluster, 'status').length;
    const probing = client.put('k', 'v');
    const given = expect(probing).rejects.toMatchObject(unavailable);
    // Not one of these waits for anything, or asks anybody.
    await Promise.all(
      Array.from({ length: 50 }, () => expect(client.put('k', 'v')).rejects.toMatchObject(unavailable)),
    );
    await cluster.timers.advanceAsync(3_000);
    await given;
    expect(sentTo(cluster, 'status')).toHaveLength(asked + 3);
    for (const endpoint of endpoints) cluster.node(endpoint).faults.status.length = 0;
    await cluster.settle(client.put('k', 'v'));
  });

  it('takes no old news for a reason to fail at once', async () => {
    const probe = createFakeCluster();
    await probe.settle(clientOf(probe).get('k'));
    const first = probe.calls[0]!.endpoint;
    const cluster = createFakeCluster();
    for (const endpoint of endpoints) {
      cluster.node(endpoint).faults.status.push(endpoint === first ? { slowMs: 200 } : 'hang');
    }
    const client = clientOf(cluster);
    // It gives up each in turn, the first one shortly before that one answers.
    await expect(cluster.settle(client.get('k', { timeoutMs: 300 }))).rejects.toThrow();
    await cluster.timers.advanceAsync(2_000);
    cluster.node(first).faults.get.push({ fail: down }, { fail: down });
    await cluster.settle(Promise.all([client.get('k'), client.get('k')]));
    expect(sentTo(cluster, 'get')).toHaveLength(4);
  });

  it('finds a cluster that came back', async () => {
    const cluster = createFakeCluster();
    const client = clientOf(cluster);
    for (const endpoint of endpoints) cluster.node(endpoint).up = false;
    await expect(cluster.settle(client.get('k'))).rejects.toMatchObject({ code: 'unavailable' });
    for (const endpoint of endpoints) cluster.node(endpoint).up = true;
    await expect(cluster.settle(client.get('k'))).resolves.toBeUndefined();
  });

  it('sends the node what time is left, half of it while another attempt may follow', async () => {
    const cluster = createFakeCluster();
    const client = clientOf(cluster);
    await cluster.settle(client.get('k', { timeoutMs: 1_000 }));
    expect(cluster.calls.at(-1)!.options.timeoutMs).toBe(500);
    const single = new KvClient(['a:1'], {}, cluster.ports);
    await cluster.settle(single.get('k', { timeoutMs: 1_000 }));
    expect(cluster.calls.at(-1)!.options.timeoutMs).toBe(1_000);
  });
});

describe('ready', () => {
  it('waits until an endpoint serves', async () => {
    const cluster = createFakeCluster();
    for (const endpoint of endpoints) cluster.node(endpoint).up = false;
    const client = clientOf(cluster);
    let isReady = false;
    const ready = client.ready({ timeoutMs: 60_000 }).then(() => (isReady = true));
    await cluster.timers.advanceAsync(3_000);
    cluster.node('b:1').up = true;
    cluster.node('b:1').serving = false;
    await cluster.timers.advanceAsync(3_000);
    expect(isReady).toBe(false);
    cluster.node('b:1').serving = true;
    await cluster.settle(ready);
  });

  it('says at its deadline what it waited for', async () => {
    const cluster = createFakeCluster();
    cluster.node('b:1').serving = false;
    cluster.node('a:1').up = cluster.node('c:1').up = false;
    await expect(cluster.settle(clientOf(cluster).ready({ timeoutMs: 500 }))).rejects.toMatchObject({
      code: 'timeout',
      message: expect.stringMatching('b:1 answers, and does not serve yet'),
    });
  });
});

describe('retries', () => {
  it.each(['invalid-argument', 'unimplemented', 'memory-full', 'disk-full'] as const)(
    'are not made after %s, which any node would repeat',
    async (code) => {
      const cluster = createFakeCluster();
      for (const endpoint of endpoints) {
        cluster.node(endpoint).faults.get.push({ fail: new KvError(code, 'no') });
        cluster.node(endpoint).faults.put.push({ fail: new KvError(code, 'no', { outcome: 'not-applied' }) });
      }
      const client = clientOf(cluster);
      await expect(cluster.settle(client.get('k'))).rejects.toMatchObject({ code });
      await expect(cluster.settle(client.put('k', 'v'))).rejects.toMatchObject({
        code,
        outcome: 'not-applied',
      });
      expect(cluster.calls.map(({ method }) => method)).toEqual(['status', 'get', 'put']);
    },
  );

  it('are at most two', async () => {
    const cluster = createFakeCluster();
    for (const endpoint of endpoints) {
      for (let i = 0; i < 9; i += 1) cluster.node(endpoint).faults.get.push({ fail: down });
    }
    await expect(cluster.settle(clientOf(cluster).get('k'))).rejects.toMatchObject({ code: 'unavailable' });
    expect(sentTo(cluster, 'get')).toHaveLength(3);
  });

  it('wait at least as long as an overloaded node asks for', async () => {
    const cluster = createFakeCluster();
    for (const endpoint of endpoints) {
      cluster.node(endpoint).faults.get.push({
        fail: new KvError('overloaded', 'full', { retryAfterMs: 700 }),
      });
    }
    const client = clientOf(cluster);
    const got = client.get('k').catch(() => undefined);
    await cluster.timers.advanceAsync(690);
    expect(sentTo(cluster, 'get')).toHaveLength(1);
    await cluster.timers.advanceAsync(20);
    expect(sentTo(cluster, 'get')).toHaveLength(2);
    await cluster.settle(got);
  });

  it('of a read keep the facts of the answer that counted replicas', async () => {
    const cluster = createFakeCluster();
    const told = new KvError('unavailable', 'one of two replicas', { required: 2, received: 1 });
    for (const endpoint of endpoints) cluster.node(endpoint).faults.get.push({ fail: down }, { fail: down });
    cluster.node('b:1').faults.get.unshift({ fail: told });
    await expect(cluster.settle(clientOf(cluster).get('k'))).rejects.toMatchObject({
      code: 'unavailable',
      required: 2,
      received: 1,
      outcome: undefined,
    });
  });
});
