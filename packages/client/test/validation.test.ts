import { describe, expect, it } from '@jest/globals';

import { KvClient, keyBytesMax, type PutOptions, valueBytesMax } from '../src/index.js';
import { createFakeCluster } from './fake-cluster.js';

const notApplied = { name: 'KvError', code: 'invalid-argument', outcome: 'not-applied' };

describe('boundary conditions', () => {
  const cluster = createFakeCluster();
  const client = new KvClient(['a:1'], {}, cluster.ports);

  it.each([
    ['an empty key', '', 'v', {}],
    ['a key above 1 KiB', 'k'.repeat(keyBytesMax + 1), 'v', {}],
    ['a key above 1 KiB in bytes', 'é'.repeat(keyBytesMax / 2 + 1), 'v', {}],
    ['a value above 1 MiB', 'k', 'v'.repeat(valueBytesMax + 1), {}],
    ['a negative ttl', 'k', 'v', { ttlMs: -1 }],
    ['a fractional ttl', 'k', 'v', { ttlMs: 0.5 }],
    ['a ttl that is no number', 'k', 'v', { ttlMs: NaN }],
    ['an infinite ttl', 'k', 'v', { ttlMs: Infinity }],
    ['an unknown level', 'k', 'v', { consistency: 'most' as never }],
    ['a timeout of 0', 'k', 'v', { timeoutMs: 0 }],
    ['a timeout that timers cannot hold', 'k', 'v', { timeoutMs: 2 ** 31 }],
    ['half a surrogate pair', '\ud800', 'v', {}],
  ] satisfies [string, string, string, PutOptions][])(
    'refuse %s before anything is sent',
    async (_, key, value, options) => {
      await expect(client.put(key, value, options)).rejects.toMatchObject(notApplied);
      expect(cluster.calls).toEqual([]);
    },
  );

  it.each([
    ['key', () => client.put(1 as never, 'v')],
    ['value', () => client.put('k', null as never)],
    ['ttlMs', () => client.put('k', 'v', { ttlMs: '5' as never })],
    ['previous', () => client.put('k', 'v', { previous: 1 as never })],
    ['consistency', () => client.put('k', 'v', { consistency: 2 as never })],
    ['timeoutMs', () => client.get('k', { timeoutMs: '5' as never })],
    ['signal', () => client.get('k', { signal: {} as never })],
  ])('refuse a wrong type of %s with a TypeError that names it', async (name, call) => {
    await expect(call()).rejects.toMatchObject({
      name: 'TypeError',
      message: expect.stringMatching(`^${name}:?`),
    });
  });

  it.each([
    ['an empty key', () => client.get('')],
    ['half a surrogate pair', () => client.getEntry('\ud800')],
    ['an unknown level', () => client.get('k', { consistency: 'most' as never })],
    ['a timeout of 0', () => client.get('k', { timeoutMs: 0 })],
    ['a timeout of 0', () => client.describe({ timeoutMs: 0 })],
  ])('of a read have no outcome: %s', async (_, call) => {
    await expect(call()).rejects.toMatchObject({ code: 'invalid-argument', outcome: undefined });
    expect(cluster.calls).toEqual([]);
  });

  it.each([
    ['consistancy', 'not-applied', () => client.put('k', 'v', { consistancy: 'all' } as never)],
    ['ttl', 'not-applied', () => client.put('k', 'v', { ttl: 5 } as never)],
    ['ttlMs', 'not-applied', () => client.delete('k', { ttlMs: 5 } as never)],
    ['timeout', undefined, () => client.get('k', { timeout: 5 } as never)],
    ['previous', undefined, () => client.getEntry('k', { previous: false } as never)],
    ['timeoutMS', undefined, () => client.ready({ timeoutMS: 5 } as never)],
    ['consistency', undefined, () => client.describe({ consistency: 'all' } as never)],
    ['all', undefined, () => client.status('a:1', { all: true } as never)],
  ])('an option that does not exist is refused by its name: %s', async (name, outcome, call) => {
    await expect(call()).rejects.toMatchObject({
      code: 'invalid-argument',
      outcome,
      message: expect.stringMatching(`^${name}: there is no such option; known: .*timeoutMs`),
    });
    expect(cluster.calls).toEqual([]);
  });

  it('refuse options of the client, of its ports and of a scan that do not exist', () => {
    const make = (options: object, ports: object) => () => new KvClient(['a:1'], options, ports);
    expect(make({ encoding: 'json' }, cluster.ports)).toThrow(/^encoding: .*keyEncoding/);
    expect(make({}, { transports: {} })).toThrow(/^transports: .*transport/);
    expect(() => client.scan({ limits: 1 } as never)).toThrow(/^limits: .*limit/);
  });

  it.each([5, 'x', null])('options that are no object are a TypeError: %p', async (options) => {
    await expect(client.put('k', 'v', options as never)).rejects.toThrow(TypeError);
    await expect(client.get('k', options as never)).rejects.toThrow(TypeError);
  });

  it('refuse bad scans where they are called', () => {
    expect(() => client.scan({ limit: 0 })).toThrow(expect.objectContaining({ code: 'invalid-argument' }));
    expect(() => client.scan({ limit: 1.5 })).toThrow(expect.objectContaining({ code: 'invalid-argument' }));
    expect(() => client.scan({ prefix: 'p'.repeat(keyBytesMax + 1) })).toThrow(/prefix/);
    expect(() => client.scan({ after: '' })).toThrow(/empty/);
    expect(() => client.scan({ prefix: 1 as never })).toThrow(TypeError);
  });

  it('refuse bad options of the client', () => {
    const make = (options: object) => () => new KvClient(['a:1'], options, cluster.ports);
    expect(make({ keyEncoding: 'latin1' })).toThrow(/keyEncoding/);
    expect(make({ valueEncoding: 'hex' })).toThrow(/valueEncoding/);
    expect(make({ timeoutMs: -1 })).toThrow(/timeoutMs/);
    expect(make({ consistency: 'most' })).toThrow(/consistency/);
  });

  it('let the largest pass', async () => {
    const fresh = createFakeCluster();
    const other = new KvClient(['a:1'], {}, fresh.ports);
    await fresh.settle(other.put('k'.repeat(keyBytesMax), 'v'.repeat(valueBytesMax), { ttlMs: 0 }));
    expect(await fresh.settle(other.get('k'.repeat(keyBytesMax)))).toHaveLength(valueBytesMax);
    await fresh.settle(other.put('empty', ''));
    expect(await fresh.settle(other.get('empty'))).toBe('');
  });
});

describe('encodings of a client', () => {
  it('give values their type', async () => {
    const cluster = createFakeCluster();
    const json = new KvClient(['a:1'], { valueEncoding: 'json' }, cluster.ports);
    await cluster.settle(json.put('k', { a: [1, 'é'] }));
    expect(await cluster.settle(json.get('k'))).toEqual({ a: [1, 'é'] });

    const binary = new KvClient(['a:1'], { keyEncoding: 'binary', valueEncoding: 'binary' }, cluster.ports);
    const bytes: Uint8Array | undefined = await cluster.settle(binary.get('k'));
    expect(new TextDecoder().decode(bytes)).toBe('{"a":[1,"é"]}');
  });

  it('tell a value that is no text as a typed error', async () => {
    const cluster = createFakeCluster();
    cluster.stored.set('k', Uint8Array.of(0xff));
    const client = new KvClient(['a:1'], {}, cluster.ports);
    await expect(cluster.settle(client.get('k'))).rejects.toMatchObject({ code: 'invalid-argument' });
  });

  it('send what was given, though the caller changes it meanwhile', async () => {
    const cluster = createFakeCluster();
    const client = new KvClient(['a:1'], { valueEncoding: 'binary' }, cluster.ports);
    const value = Uint8Array.of(1);
    const written = client.put('k', value);
    value[0] = 2;
    await cluster.settle(written);
    expect(cluster.stored.get('k')).toEqual(Buffer.from([1]));
  });
});

describe('for tools', () => {
  it('describe tells members and owners', async () => {
    const cluster = createFakeCluster();
    const client = new KvClient(['a:1'], {}, cluster.ports);
    expect(await cluster.settle(client.describe())).toEqual({
      epoch: 1,
      clusterId: 'c',
      replicationFactor: 3,
      members: [{ id: 'node1', number: 1, address: 'a:1', zone: '', state: 'up' }],
      partitions: [[1]],
      keyHash: { algorithm: 'none', seed: 0, shift: 32 },
    });
  });

  it('status asks the endpoint that is named and no other', async () => {
    const cluster = createFakeCluster();
    const client = new KvClient(['a:1', 'b:1'], {}, cluster.ports);
    expect(await cluster.settle(client.status('elsewhere:9'))).toMatchObject({
      id: 'elsewhere:9',
      serving: true,
    });
    cluster.node('b:1').up = false;
    await expect(cluster.settle(client.status('b:1'))).rejects.toMatchObject({
      code: 'unavailable',
      outcome: undefined,
    });
    await expect(client.status('nowhere')).rejects.toMatchObject({ code: 'invalid-argument' });
    await client.close();
    expect(cluster.closed.sort()).toEqual(['b:1', 'elsewhere:9']);
  });
});
