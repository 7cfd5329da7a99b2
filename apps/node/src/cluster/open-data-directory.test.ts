import { beforeEach, describe, expect, it } from '@jest/globals';
import { openEngine } from '@kv/storage';
import {
  createManualClock,
  createManualTimers,
  createMemoryFileSystem,
  createSeededRandom,
  type MemoryFileSystem,
} from '@kv/testing';

import type { NodeOptions } from '../options.js';
import type { ClusterShape } from './cluster-identity.js';
import { openDataDirectory } from './open-data-directory.js';

const peers = ['a', 'b', 'c'].map((id, index) => ({ id, address: `h:${index + 1}` }));
const options = { id: 'b', dataDirectory: 'data', peers };

const random = createSeededRandom(1);

let fileSystem: MemoryFileSystem;
let joined: ClusterShape;

async function open(told: NodeOptions) {
  const fetchShape = () => Promise.resolve(joined);
  const directory = await openDataDirectory(told, { fileSystem, fetchShape, random });
  await directory.release();
  return directory.identity;
}

async function refusal(told: NodeOptions) {
  return open(told).then(
    () => undefined,
    (error: unknown) => error as { reason: string; message: string },
  );
}

beforeEach(() => {
  fileSystem = createMemoryFileSystem();
  joined = { peers, replicationFactor: 2, partitions: 64 };
});

describe('a new data directory', () => {
  it('is a cluster of one without peers', async () => {
    const identity = await open({ dataDirectory: 'data' });
    expect(identity).toMatchObject({
      id: 'node1',
      directoryId: expect.stringMatching(/^[0-9a-f]{32}$/),
      peers: [{ id: 'node1', address: '' }],
      replicationFactor: 1,
      partitions: 1_024,
    });
  });

  it('gives every member the same cluster id, and another to other peers, factors and partition counts', async () => {
    const ids = new Set<string>();
    const told: Omit<NodeOptions, 'dataDirectory'>[] = [
      options,
      { ...options, id: 'c' },
      { ...options, replicationFactor: 2 },
      { ...options, partitions: 512 },
      { ...options, peers: peers.slice(0, 2) },
      { ...options, peers: peers.map((peer) => (peer.id === 'a' ? { ...peer, address: 'x:1' } : peer)) },
    ];
    for (const [index, some] of told.entries()) {
      ids.add((await open({ ...some, dataDirectory: `data${index}` })).clusterId);
    }
    expect(ids.size).toBe(5);
  });

  it('takes list, factor and partition count from the cluster that it joins', async () => {
    const identity = await open({ id: 'b', dataDirectory: 'data', join: 'h:1' });
    expect(identity).toMatchObject({ ...joined, id: 'b' });
  });

  it('does not care in which order the peers are told', async () => {
    const identity = await open({ ...options, peers: [...peers].reverse() });
    expect(await open(options)).toEqual(identity);
    expect(identity.peers).toEqual(peers);
  });

  it('is refused to an id that the list does not name', async () => {
    expect(await refusal({ ...options, id: 'd' })).toMatchObject({
      reason: 'usage',
      message: expect.stringMatching(/got d.*a@h:1/),
    });
    expect(await refusal({ id: 'd', dataDirectory: 'data', join: 'h:9' })).toMatchObject({
      reason: 'usage',
      message: expect.stringMatching(/got d.*h:9/),
    });
  });

  it('is refused to flags that contradict the cluster to join', async () => {
    expect(await refusal({ id: 'b', dataDirectory: 'data', join: 'h:1', partitions: 128 })).toMatchObject({
      reason: 'usage',
      message: expect.stringContaining('--partitions is 128 here and 64 there'),
    });
  });

  it('lowers the usual factor to the number of peers, and refuses any other that is larger', async () => {
    const two = { ...options, peers: peers.slice(0, 2) };
    expect(await open({ ...two, replicationFactor: 3 })).toMatchObject({ replicationFactor: 2 });
    expect(await refusal({ ...two, dataDirectory: 'other', replicationFactor: 5 })).toMatchObject({
      reason: 'usage',
      message: '--replication-factor: expected at most the number of peers, 2, got 5',
    });
  });

  it('refuses an address to advertise that is not the one in the list', async () => {
    expect(await refusal({ ...options, advertise: 'h:7' })).toMatchObject({
      message: expect.stringMatching(/--advertise.*h:2, got h:7/),
    });
  });

  it('refuses to join without an id, told of by its flag', async () => {
    expect(await refusal({ dataDirectory: 'data', join: 'h:1' })).toMatchObject({
      reason: 'usage',
      message: expect.stringMatching(/^--id: .*--join.*KV_ID.*h:1/),
    });
  });

  it('refuses a port that is not the one in the list, told or fetched', async () => {
    for (const told of [options, { ...options, peers: undefined, join: 'h:1' }]) {
      expect(await refusal({ ...told, port: 7 })).toMatchObject({
        reason: 'usage',
        message: expect.stringMatching(/--port.*h:2, got 7/),
      });
    }
  });

  it.each([
    ['on every address', { host: '0.0.0.0', port: 2 }],
    ['under another name', { host: 'other', port: 2 }],
    ['anywhere if it advertises the address in the list', { port: 7, advertise: 'h:2' }],
  ])('may listen %s', async (_, told) => {
    expect(await open({ ...options, ...told })).toMatchObject({ id: 'b', peers });
  });
});

describe('a data directory that was used', () => {
  beforeEach(async () => {
    await open(options);
  });

  it('needs to be told nothing, and may be told the same', async () => {
    const identity = await open({ dataDirectory: 'data' });
    expect(identity).toMatchObject({ id: 'b', peers, replicationFactor: 3, partitions: 1_024 });
    expect(await open({ ...options, replicationFactor: 3, partitions: 1_024 })).toEqual(identity);
    expect(await open({ id: 'b', dataDirectory: 'data', join: 'nobody:1' })).toEqual(identity);
    expect(await open({ dataDirectory: 'data', join: 'nobody:1' })).toEqual(identity);
    expect(await open({ dataDirectory: 'data', host: '0.0.0.0', port: 2 })).toEqual(identity);
  });

  it('refuses another address than the list has for it, showing both', async () => {
    for (const told of [{}, { peers }, { join: 'nobody:1' }]) {
      expect(await refusal({ dataDirectory: 'data', ...told, port: 7 })).toMatchObject({
        message: expect.stringMatching(/--port.*h:2, got 7/),
      });
      expect(await refusal({ dataDirectory: 'data', ...told, advertise: 'x:2' })).toMatchObject({
        message: expect.stringMatching(/--advertise.*h:2, got x:2/),
      });
    }
  });

  it.each([
    ['id', { id: 'a' }, '--id is a here and b there'],
    ['list', { peers: peers.slice(1) }, '--peers is b@h:2,c@h:3 here and a@h:1,b@h:2,c@h:3 there'],
    ['factor', { replicationFactor: 2 }, '--replication-factor is 2 here and 3 there'],
    ['partition count', { partitions: 256 }, '--partitions is 256 here and 1024 there'],
  ])('refuses another %s, showing both', async (_, told, sentence) => {
    expect(await refusal({ ...options, ...told })).toMatchObject({
      reason: 'data-directory',
      message: expect.stringContaining(sentence),
    });
    expect(await open(options)).toMatchObject({ id: 'b' });
  });

  it('remembers whose it is after a crash of the machine', async () => {
    fileSystem = fileSystem.crash();
    expect(await refusal({ ...options, id: 'a' })).toMatchObject({ reason: 'data-directory' });
  });

  it('is refused to a second process', async () => {
    const first = await openDataDirectory(options, {
      ...{ fileSystem, random },
      fetchShape: () => Promise.resolve(joined),
    });
    expect(await refusal(options)).toMatchObject({
      reason: 'data-directory',
      message: expect.stringContaining('--data-dir'),
    });
    await first.release();
    expect(await refusal(options)).toBeUndefined();
  });

  it('is refused when its file was damaged, whichever byte it is', async () => {
    const whole = await contentOf('data/node.json');
    for (let index = 0; index < whole.length; index += 7) {
      const damaged = Uint8Array.from(whole);
      damaged[index]! ^= 1;
      await overwrite('data/node.json', damaged);
      const error = await refusal(options);
      // White space may change without harm: what the file says is what the digest covers.
      if (error === undefined) expect(JSON.parse(textOf(damaged))).toEqual(JSON.parse(textOf(whole)));
      else
        expect(error).toMatchObject({
          reason: 'data-directory',
          message: expect.stringContaining('node.json'),
        });
    }
    await overwrite('data/node.json', whole.subarray(0, whole.length / 2));
    expect(await refusal(options)).toMatchObject({ code: 'corrupt' });
  });
});

describe('a data directory whose node.json is missing', () => {
  const told = { ...options, partitions: 16 };

  async function useStore(): Promise<void> {
    const clock = createManualClock({ nowMs: 1_780_000_000_000 });
    const directory = await openDataDirectory(told, {
      ...{ fileSystem, random },
      fetchShape: () => Promise.resolve(joined),
    });
    const engine = await openEngine(
      { directory: directory.engineDirectory, partitions: 16 },
      { fileSystem, clock, timers: createManualTimers(clock) },
    );
    await engine.close();
    await directory.release();
  }

  it('is refused if it holds data, and is as it was once the file is back', async () => {
    await useStore();
    const whole = await contentOf('data/node.json');
    await fileSystem.remove('data/node.json');
    for (const some of [told, { dataDirectory: 'data' }, { id: 'b', dataDirectory: 'data', join: 'h:1' }]) {
      expect(await refusal(some)).toMatchObject({
        reason: 'data-directory',
        message: expect.stringMatching(/^--data-dir: data .*restore .*remove the directory/),
      });
    }
    await overwrite('data/node.json', whole);
    expect(await open(told)).toMatchObject({ id: 'b' });
  });

  it('is a new one if it holds none', async () => {
    await fileSystem.makeDirectory('data');
    await fileSystem.makeDirectory('data/store');
    expect(await open(told)).toMatchObject({ id: 'b' });
  });
});

async function contentOf(path: string): Promise<Uint8Array> {
  const file = await fileSystem.openForRead(path);
  const bytes = new Uint8Array(await file.size());
  await file.read(bytes, 0);
  await file.close();
  return bytes;
}

async function overwrite(path: string, bytes: Uint8Array): Promise<void> {
  const file = await fileSystem.create(path);
  await file.write(bytes, 0);
  await file.close();
}

const textOf = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
