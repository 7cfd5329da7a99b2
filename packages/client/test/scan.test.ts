import { describe, expect, it } from '@jest/globals';
import { KvError } from '@kv/errors';
import type { ScanRequest } from '@kv/proto';
import fc from 'fast-check';

import { KvClient } from '../src/index.js';
import { createFakeCluster, type FakeCluster } from './fake-cluster.js';

const endpoints = ['a:1', 'b:1'];
const broken = new KvError('unavailable', 'connection dropped');

/** Serves these keys in this order, in answers of some size; each stream breaks after as many answers as told. */
function serveKeys(
  cluster: FakeCluster,
  keys: readonly string[],
  plan: { perAnswer: number; breaks: number[] },
): void {
  const breaks = [...plan.breaks];
  cluster.scanAnswers = ({ after, limit }) => {
    const from = after.length === 0 ? 0 : keys.indexOf(after.toString()) + 1;
    const rest = keys.slice(from, limit === 0 ? undefined : from + limit);
    const answers = [];
    for (let at = 0; at < rest.length; at += plan.perAnswer) {
      const part = rest.slice(at, at + plan.perAnswer);
      const isLast = from + at + part.length >= keys.length;
      const entries = part.map((key) => ({
        key: Buffer.from(key),
        value: Buffer.from(`value of ${key}`),
        version: { timestamp: 4096, node: 1 },
        expiresAtMs: 0,
      }));
      answers.push({ entries, next: isLast ? Buffer.alloc(0) : Buffer.from(part.at(-1)!) });
    }
    if (keys.length === 0) answers.push({});
    const breakAfter = breaks.shift();
    return breakAfter === undefined ? answers : [...answers.slice(0, breakAfter), broken];
  };
}

async function keysOf(client: KvClient, options: Parameters<KvClient['scan']>[0] = {}): Promise<string[]> {
  const found = [];
  for await (const { key } of client.scan(options)) found.push(key);
  return found;
}

describe('scan', () => {
  it('yields entries with their version and expiry', async () => {
    const cluster = createFakeCluster();
    const client = new KvClient(endpoints, {}, cluster.ports);
    const entry = { key: Buffer.from('k'), value: Buffer.from('v'), version: { timestamp: 9, node: 1 } };
    cluster.scanAnswers = () => [
      {
        entries: [
          { ...entry, expiresAtMs: 0 },
          { ...entry, expiresAtMs: 77 },
        ],
      },
    ];
    const found = [];
    for await (const each of client.scan()) found.push(each);
    const told = { key: 'k', value: 'v', version: { timestamp: 9, node: 1 } };
    expect(found).toEqual([
      { ...told, expiresAtMs: undefined },
      { ...told, expiresAtMs: 77 },
    ]);
  });

  it('sends prefix, after, limit and level', async () => {
    const cluster = createFakeCluster();
    const client = new KvClient(endpoints, {}, cluster.ports);
    await keysOf(client, { prefix: 'p', after: 'pa', limit: 3, consistency: 'one' });
    const request = cluster.calls.at(-1)!.request as ScanRequest;
    expect([request.prefix.toString(), request.after.toString(), request.limit, request.consistency]).toEqual(
      ['p', 'pa', 3, 1],
    );
  });

  it('yields each key once, however often the connection breaks', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(fc.string({ unit: 'grapheme-ascii', minLength: 1, maxLength: 5 }), { maxLength: 30 }),
        fc.integer({ min: 1, max: 7 }),
        fc.array(fc.integer({ min: 1, max: 4 }), { maxLength: 8 }),
        fc.option(fc.integer({ min: 1, max: 40 }), { nil: undefined }),
        async (keys, perAnswer, breaks, limit) => {
          const cluster = createFakeCluster();
          serveKeys(cluster, keys, { perAnswer, breaks });
          const client = new KvClient(endpoints, {}, cluster.ports);
          const found = await cluster.settle(keysOf(client, limit === undefined ? {} : { limit }));
          expect(found).toEqual(keys.slice(0, limit));
        },
      ),
      { numRuns: 100 },
    );
  });

  it('goes on elsewhere when a stream ends without being complete', async () => {
    const cluster = createFakeCluster();
    const client = new KvClient(endpoints, {}, cluster.ports);
    let streams = 0;
    const entry = { value: Buffer.from('v'), version: { timestamp: 9, node: 1 }, expiresAtMs: 0 };
    cluster.scanAnswers = () => {
      streams += 1;
      return streams === 1
        ? [{ entries: [{ ...entry, key: Buffer.from('a') }], next: Buffer.from('a') }]
        : [{ entries: [{ ...entry, key: Buffer.from('b') }] }];
    };
    expect(await cluster.settle(keysOf(client))).toEqual(['a', 'b']);
    const scans = cluster.calls.filter(({ method }) => method === 'scan');
    expect(new Set(scans.map(({ endpoint }) => endpoint)).size).toBe(2);
  });

  it('fails when no node goes on', async () => {
    const cluster = createFakeCluster();
    serveKeys(cluster, ['a', 'b', 'c'], { perAnswer: 1, breaks: [1, 0, 0, 0, 0, 0] });
    const client = new KvClient(endpoints, {}, cluster.ports);
    const found: string[] = [];
    const all = (async () => {
      for await (const { key } of client.scan()) found.push(key);
    })();
    await expect(cluster.settle(all)).rejects.toMatchObject({ code: 'unavailable' });
    expect(found).toEqual(['a']);
  });

  it('does not run for ever against a node that names the same key again', async () => {
    const cluster = createFakeCluster();
    cluster.scanAnswers = () => [{ next: Buffer.from('a') }];
    const client = new KvClient(endpoints, {}, cluster.ports);
    await expect(cluster.settle(keysOf(client))).rejects.toMatchObject({ code: 'internal' });
  });

  it('frees the stream when the loop is left early', async () => {
    const cluster = createFakeCluster();
    serveKeys(cluster, ['a', 'b', 'c'], { perAnswer: 1, breaks: [] });
    const client = new KvClient(endpoints, {}, cluster.ports);
    for await (const { key } of client.scan()) if (key === 'b') break;
    expect(cluster.calls.at(-1)!.options.signal.aborted).toBe(true);
    expect(cluster.timers.pending).toBe(0);
  });

  it('gives each answer the whole time-out', async () => {
    const cluster = createFakeCluster();
    serveKeys(cluster, ['a', 'b', 'c'], { perAnswer: 1, breaks: [] });
    const client = new KvClient(endpoints, {}, cluster.ports);
    const found = [];
    for await (const { key } of client.scan({ timeoutMs: 100 })) {
      found.push(key);
      await cluster.timers.advanceAsync(5_000); // A slow consumer.
    }
    expect(found).toEqual(['a', 'b', 'c']);
  });

  it('waits longer for an answer than other operations do, and not for ever', async () => {
    const cluster = createFakeCluster();
    const client = new KvClient(endpoints, { timeoutMs: 100 }, cluster.ports);
    for (const endpoint of endpoints) cluster.node(endpoint).faults.scan.push('hang', 'hang', 'hang');
    let failure: unknown;
    const scan = client
      .scan()
      .next()
      .catch((error: unknown) => (failure = error));
    await cluster.timers.advanceAsync(20_000);
    expect(failure).toBeUndefined();
    await cluster.timers.advanceAsync(41_000);
    await scan;
    expect(failure).toMatchObject({ code: 'timeout' });
  });

  it('rejects with the reason of its signal', async () => {
    const cluster = createFakeCluster();
    serveKeys(cluster, ['a', 'b'], { perAnswer: 1, breaks: [] });
    const client = new KvClient(endpoints, {}, cluster.ports);
    const controller = new AbortController();
    const scan = client.scan({ signal: controller.signal });
    await scan.next();
    controller.abort();
    await expect(scan.next()).rejects.toMatchObject({ name: 'AbortError' });
  });
});
