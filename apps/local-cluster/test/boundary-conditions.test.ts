import { beforeAll, describe, expect, it } from '@jest/globals';
import { grpcTransport, keyBytesMax, type KvClient, valueBytesMax } from '@kv/client';
import { ConsistencyLevel, kvErrorFromMessage, type Operation, type OperationResult } from '@kv/proto';

import type { LocalCluster } from '../src/index.js';
import { inFlight, range } from './in-flight.js';
import { createStage } from './stage.js';

const stage = createStage();
let cluster: LocalCluster;
let clients: readonly KvClient[];
let pids: readonly (number | undefined)[];

beforeAll(async () => {
  cluster = await stage.cluster();
  clients = stage.clientOfEach(cluster);
  pids = cluster.nodes.map(({ pid }) => pid);
});

/** What the client itself would refuse goes to the node all the same. */
function rawConnection() {
  const connection = grpcTransport().connect(cluster.endpoints[0]!);
  stage.atEnd(() => connection.close());
  const write = {
    key: Buffer.from('raw'),
    consistency: ConsistencyLevel.QUORUM,
    omitPrevious: false,
    operationId: Buffer.alloc(0),
    stampAbove: 0,
    stampNotAfter: 0,
    ticket: undefined,
    reserve: false,
  };
  const ask = (question: Omit<Operation, 'id' | 'timeoutMs'>): Promise<OperationResult> =>
    new Promise((resolve, reject) => {
      connection.exchange([{ id: 0, timeoutMs: 20_000, ...question }], {
        onResult: (_, result) => {
          if (result.error === undefined) resolve(result);
          else reject(kvErrorFromMessage(result.error));
        },
        onResultsEnd: () => undefined,
        onFailure: reject,
      });
    });
  return {
    get: (key: Buffer) => ask({ get: { key, consistency: ConsistencyLevel.QUORUM } }),
    delete: (key: Buffer) => ask({ delete: { ...write, key } }),
    put: (fields: { key?: Buffer; value?: Buffer; ttlMs?: number }) =>
      ask({ put: { ...write, value: Buffer.from('value'), ttlMs: 0, ...fields } }),
  };
}

describe('boundary conditions', () => {
  it('the longest key and the largest value go in and come out, an empty value too', async () => {
    const [writer, reader] = clients as [KvClient, KvClient];
    const longest = 'k'.repeat(keyBytesMax);
    const largest = 'v'.repeat(valueBytesMax);
    await writer.put(longest, largest);
    expect((await reader.get(longest)) === largest).toBe(true);
    await writer.put('empty', '');
    expect(await reader.get('empty')).toBe('');
    await writer.put('k', 'shortest key');
    expect(await reader.get('k')).toBe('shortest key');
  });

  it('large values by the dozen pass between nodes, and a scan gives them back', async () => {
    await inFlight(12, range(12), (i) =>
      clients[i % 3]!.put(`large/${i}`, String(i % 10).repeat(valueBytesMax)),
    );
    const seen: string[] = [];
    for await (const { key, value } of clients[0]!.scan({ prefix: 'large/' })) {
      expect(value.length).toBe(valueBytesMax);
      seen.push(key);
    }
    expect(seen.sort()).toEqual(
      range(12)
        .map((i) => `large/${i}`)
        .sort(),
    );
  });

  it('keys that are property names of JavaScript are keys like any other', async () => {
    for (const key of ['__proto__', 'constructor', 'toString', '\u0000', '\u{1f511}']) {
      expect(await clients[0]!.get(key)).toBeUndefined();
      await clients[0]!.put(key, `value of ${key}`);
      expect(await clients[1]!.get(key)).toBe(`value of ${key}`);
    }
  });
});

describe('bad input in a request', () => {
  const refusal = { code: 'invalid-argument' };

  it('an empty key', async () => {
    await expect(clients[0]!.put('', 'value')).rejects.toMatchObject({ ...refusal, outcome: 'not-applied' });
    const raw = rawConnection();
    await expect(raw.put({ key: Buffer.alloc(0) })).rejects.toMatchObject({
      ...refusal,
      outcome: 'not-applied',
    });
    await expect(raw.delete(Buffer.alloc(0))).rejects.toMatchObject({ ...refusal, outcome: 'not-applied' });
    await expect(raw.get(Buffer.alloc(0))).rejects.toMatchObject(refusal);
  });

  it('a key of more than 1 KiB', async () => {
    const key = 'k'.repeat(keyBytesMax + 1);
    await expect(clients[0]!.put(key, 'value')).rejects.toMatchObject({ ...refusal, outcome: 'not-applied' });
    const raw = rawConnection();
    await expect(raw.put({ key: Buffer.from(key) })).rejects.toMatchObject(refusal);
    await expect(raw.delete(Buffer.from(key))).rejects.toMatchObject(refusal);
    await expect(raw.get(Buffer.from(key))).rejects.toMatchObject(refusal);
  });

  it('a value of more than 1 MiB', async () => {
    const value = 'v'.repeat(valueBytesMax + 1);
    await expect(clients[0]!.put('too large', value)).rejects.toMatchObject({
      ...refusal,
      outcome: 'not-applied',
    });
    await expect(rawConnection().put({ value: Buffer.from(value) })).rejects.toMatchObject(refusal);
    expect(await clients[0]!.get('too large')).toBeUndefined();
  });

  it('a negative TTL', async () => {
    const put = clients[0]!.put('negative', 'value', { ttlMs: -1 });
    await expect(put).rejects.toMatchObject({ ...refusal, outcome: 'not-applied' });
    await expect(rawConnection().put({ ttlMs: -1 })).rejects.toMatchObject({
      ...refusal,
      outcome: 'not-applied',
    });
  });

  it('after all of them nothing was written and every node serves', async () => {
    for (const client of clients) {
      expect(await client.get('raw')).toBeUndefined();
      expect(await client.get('negative')).toBeUndefined();
      await client.put('still', 'serving');
    }
    expect(cluster.nodes.map(({ pid }) => pid)).toEqual(pids);
  });
});
