import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  createManualClock,
  createManualTimers,
  createMemoryFileSystem,
  type ManualClock,
  type MemoryFileSystem,
} from '@kv/testing';

import { open } from './open.js';
import type { KvStore } from './store.js';
import type { StoreOptions } from './store-options.js';

const directory = '/data/store';
const code = (expected: string) => expect.objectContaining({ code: expected });

describe('embedded store', () => {
  let fileSystem: MemoryFileSystem;
  let clock: ManualClock;
  let store: KvStore;

  const opened = (options: StoreOptions = {}) =>
    open(
      directory,
      { memoryBytesMax: 64 * 1024 * 1024, snapshotIntervalMs: 0, ...options },
      { fileSystem, clock },
    );

  beforeEach(async () => {
    fileSystem = createMemoryFileSystem();
    clock = createManualClock({ nowMs: 1_750_000_000_000 });
    store = await opened();
  });

  afterEach(() => store.close());

  it('basic operations: put, get, has, getMany, delete', async () => {
    const put = store.put('a', '1');
    expect(store.get('a')).toBe('1');
    await put;
    await store.put('a', '2');
    await store.put('', 'of the empty key');
    expect(store.get('a')).toBe('2');
    expect(store.getMany(['a', 'b', ''])).toEqual(['2', undefined, 'of the empty key']);
    await store.delete('a');
    await store.delete('never there');
    expect([store.has('a'), store.has(''), store.get('a')]).toEqual([false, true, undefined]);
    expect(store.stats()).toMatchObject({ keys: 1, tombstones: 0 });
  });

  it('batch and getMany of more keys than are fetched ahead at a time', async () => {
    const name = (number: number): string => `key-${number % 70}`;
    const numbers = Array.from({ length: 150 }, (_, number) => number);
    await store.batch(numbers.map((number) => ({ type: 'put', key: name(number), value: `${number}` })));
    await store.batch(
      numbers.map((number) => {
        return number % 5 === 0
          ? { type: 'delete', key: name(number) }
          : { type: 'put', key: name(number), value: `again ${number}` };
      }),
    );
    const expected = new Map<string, string | undefined>();
    for (const number of numbers) {
      expected.set(name(number), number % 5 === 0 ? undefined : `again ${number}`);
    }
    const keys = [...numbers.map(name), 'never there'];
    expect(store.getMany(keys)).toEqual(keys.map((key) => expected.get(key)));
    expect(store.stats()).toMatchObject({ keys: 56, tombstones: 0 });
  });

  it('takes any text for a key: short, long, and beyond ASCII', async () => {
    const texts = [
      '',
      'a',
      'abcd',
      'k'.repeat(64),
      'k'.repeat(65),
      'k'.repeat(1_024),
      'ä',
      'abcé',
      '\u0000',
      '\u007f',
      '\u0080',
      '😀',
    ];
    for (const text of texts) await store.put(text, `of ${text}`);
    for (const text of texts) expect(store.get(text)).toBe(`of ${text}`);
    expect(store.getMany(texts)).toEqual(texts.map((text) => `of ${text}`));
    expect(new Set(store.keys())).toEqual(new Set(texts));
    await store.batch(texts.map((key) => ({ type: 'delete', key })));
    expect(store.stats().keys).toBe(0);
  });

  it('is not confused by an application that uses it while it is asked for a value or a key', async () => {
    const json = await open(':memory:', { keyEncoding: 'json', valueEncoding: 'json' });
    const nosy = (text: string) => ({
      toJSON: () => {
        void json.put('other', 'by the way');
        void json.batch([{ type: 'put', key: 'another', value: json.get('other') }]);
        json.getMany(['other', 'another']);
        return text;
      },
    });
    await json.put(nosy('key'), nosy('value'));
    await json.batch([
      { type: 'put', key: nosy('a'), value: nosy('1') },
      { type: 'put', key: nosy('b'), value: nosy('2') },
    ]);
    expect(json.getMany([nosy('b'), nosy('key'), nosy('a')])).toEqual(['2', 'value', '1']);
    expect(json.get(nosy('key'))).toBe('value');
    expect([...json.keys()]).toEqual(['a', 'another', 'b', 'key', 'other']);
    await json.close();
  });

  it('keeps what it acknowledged over a crash, and nothing else', async () => {
    await store.put('a', '1');
    await store.put('b', '2');
    await store.delete('a');
    void store.put('late', 'not acknowledged');
    fileSystem = fileSystem.crash();
    const again = await opened();
    expect([...again.entries()]).toEqual([['b', '2']]);
    await again.close();
  });

  it('applies a batch as a whole, in its order', async () => {
    await store.batch([
      { type: 'put', key: 'a', value: '1' },
      { type: 'put', key: 'b', value: '1' },
      { type: 'delete', key: 'a' },
      { type: 'put', key: 'b', value: '2' },
    ]);
    await store.batch([]);
    expect([...store.entries()]).toEqual([['b', '2']]);
    const bad = store.batch([
      { type: 'put', key: 'c', value: '1' },
      { type: 'put', key: 'd', value: 5 as unknown as string },
    ]);
    await expect(bad).rejects.toThrow(TypeError);
    expect(store.has('c')).toBe(false);
  });

  it('TTL: gives a value until its expiry, then not, also after a restart', async () => {
    await store.put('a', '1', { ttlMs: 100 });
    await store.put('b', '1', { ttlMs: 200 });
    clock.advance(99);
    expect(store.get('a')).toBe('1');
    clock.advance(1);
    expect([store.get('a'), store.has('a')]).toEqual([undefined, false]);
    expect([...store.keys()]).toEqual(['b']);
    await store.close();
    store = await opened();
    expect([store.get('a'), store.get('b')]).toEqual([undefined, '1']);
    clock.advance(100);
    expect(store.get('b')).toBeUndefined();
    await store.put('b', '2');
    expect(store.get('b')).toBe('2');
  });

  it('timestamp ordering: a clock set back does not make a later write lose', async () => {
    await store.put('a', '1');
    clock.jump(-3_600_000);
    await store.put('a', '2');
    expect(store.get('a')).toBe('2');
    await store.close();
    clock.jump(-1e12);
    store = await opened();
    await store.put('a', '3');
    await store.delete('a');
    await store.put('a', '4');
    await store.close();
    store = await opened();
    expect(store.get('a')).toBe('4');
  });

  describe('ranges', () => {
    const all = Array.from({ length: 300 }, (_, index) => `key${String(index).padStart(3, '0')}`);

    beforeEach(async () => {
      await store.batch(all.map((key) => ({ type: 'put', key, value: `of ${key}` })));
    });

    it('are ordered by the bytes of the keys', async () => {
      expect([...store.keys()]).toEqual(all);
      expect([...store.values({ limit: 1 })]).toEqual(['of key000']);
      const met: string[] = [];
      for await (const [key] of store.entries()) met.push(key);
      expect(met).toEqual(all);
      await store.put('\uffff', 'three bytes');
      await store.put('\u{10000}', 'four bytes');
      expect([...store.keys({ gt: 'z' })]).toEqual(['\uffff', '\u{10000}']);
    });

    it.each([
      [{ prefix: 'key01' }, all.slice(10, 20)],
      [{ prefix: 'key01', reverse: true, limit: 2 }, ['key019', 'key018']],
      [{ gt: 'key290' }, all.slice(291)],
      [{ gte: 'key290' }, all.slice(290)],
      [{ lt: 'key003' }, all.slice(0, 3)],
      [{ lte: 'key003' }, all.slice(0, 4)],
      [{ gte: 'key1', lt: 'key102' }, ['key100', 'key101']],
      [{ gt: 'key002', gte: 'key001', lt: 'key005', lte: 'key009' }, ['key003', 'key004']],
      [{ reverse: true, limit: 1 }, ['key299']],
      [{ limit: 0 }, []],
      [{ gt: 'key9' }, []],
      [{ prefix: 'nothing' }, []],
      [{ gt: 'b', lt: 'a' }, []],
    ])('%j', (range, expected) => {
      expect([...store.keys(range)]).toEqual(expected);
    });

    it('may be changed while they are gone through', async () => {
      const met: string[] = [];
      for (const key of store.keys()) {
        met.push(key);
        await store.delete(key);
        void store.put(`new ${key}`, '');
      }
      expect(met).toEqual(expect.arrayContaining(all));
      expect(new Set(met).size).toBe(met.length);
    });

    it('can be gone through twice, and left early', () => {
      const keys = store.keys({ limit: 3 });
      expect([...keys]).toEqual([...keys]);
      for (const key of keys) {
        expect(key).toBe('key000');
        break;
      }
    });
  });

  it('boundary conditions: limits of key, value and time to live', async () => {
    await store.put('k'.repeat(1024), 'v');
    await expect(store.put('k'.repeat(1025), 'v')).rejects.toThrow(/keyBytesMax/);
    expect(() => store.get('k'.repeat(1025))).toThrow(code('invalid-argument'));
    const small = await open(':memory:', { valueBytesMax: 3, keyBytesMax: 2 });
    await small.put('ä', 'abc');
    await expect(small.put('a', 'abcd')).rejects.toThrow(/valueBytesMax/);
    await small.close();
    for (const ttlMs of [0, -1, 1.5, NaN, Infinity, 1e15]) {
      await expect(store.put('a', '1', { ttlMs })).rejects.toThrow(code('invalid-argument'));
    }
    await expect(store.put('a', '1', { ttlMs: '5' as unknown as number })).rejects.toThrow(TypeError);
    expect(() => [...store.keys({ limit: -1 })]).toThrow(code('invalid-argument'));
  });

  it('refuses options that it does not know, or out of range, by their names', async () => {
    const bad: [object, unknown][] = [
      [{ durabilty: 'os' }, /durabilty/],
      [{ durability: 'never' }, /durability/],
      [{ durability: 1 }, TypeError],
      [{ memoryBytesMax: 0 }, /memoryBytesMax/],
      [{ snapshotIntervalMs: -1 }, /snapshotIntervalMs/],
      [{ durabilityIntervalMs: 0 }, /durabilityIntervalMs/],
      [{ keyEncoding: 'utf16' }, /keyEncoding/],
      [{ valueEncoding: 'toString' }, /valueEncoding/],
      [{ keyBytesMax: 65_536 }, /keyBytesMax/],
      [{ damage: true }, TypeError],
    ];
    for (const [options, expected] of bad) {
      await expect(open(':memory:', options as StoreOptions)).rejects.toThrow(expected);
    }
    await expect(open(5 as unknown as string)).rejects.toThrow(TypeError);
    await expect(open('')).rejects.toThrow(code('invalid-argument'));
  });

  it('is closed once, refuses everything after, and keeps what was put before', async () => {
    void store.put('a', '1');
    await Promise.all([store.close(), store.close()]);
    await store[Symbol.asyncDispose]();
    expect(() => store.get('a')).toThrow(code('closed'));
    expect(() => [...store.keys()]).toThrow(code('closed'));
    await expect(store.put('a', '2')).rejects.toMatchObject({ code: 'closed', outcome: 'not-applied' });
    await expect(store.snapshot()).rejects.toThrow(code('closed'));
    store = await opened();
    expect(store.get('a')).toBe('1');
  });

  it('a promise that nobody looks at ends no process', async () => {
    await store.close();
    void store.put('a', '1');
    void store.delete('a');
    void store.batch([{ type: 'put', key: 'a', value: undefined as unknown as string }]);
    // An unhandled rejection would fail this test's process.
    await new Promise((resolve) => setImmediate(resolve));
    store = await opened();
  });

  it('TTL: what expired makes room before a put is refused, and goes with time', async () => {
    await store.close();
    store = await opened({ memoryBytesMax: 12_000 });
    await Promise.all(
      Array.from({ length: 11 }, (_, index) => store.put(`key${index}`, 'v'.repeat(500), { ttlMs: 100 })),
    );
    await expect(store.put('more', 'v'.repeat(2000))).rejects.toMatchObject({ code: 'memory-full' });
    clock.advance(1_000);
    expect(store.stats().keys).toBe(11);
    await store.put('more', 'v'.repeat(2000));
    expect(store.stats().keys).toBe(1);
    await store.close();

    const timers = createManualTimers(clock);
    store = await open(':memory:', { snapshotIntervalMs: 1_000 }, { clock, timers });
    void store.put('short', '1', { ttlMs: 100 });
    void store.put('long', '1', { ttlMs: 10_000 });
    timers.advance(5_000);
    expect(store.stats().keys).toBe(1);
  });

  it('refuses puts above memoryBytesMax, takes deletes, and evicts nothing', async () => {
    await store.close();
    store = await opened({ memoryBytesMax: 10_000 });
    let accepted = 0;
    for (; accepted < 100; accepted += 1) {
      const refused = await store.put(`key${accepted}`, 'v'.repeat(500)).then(
        () => false,
        (error: unknown) => {
          expect(error).toMatchObject({ code: 'memory-full', outcome: 'not-applied' });
          return true;
        },
      );
      if (refused) break;
    }
    expect(accepted).toBeGreaterThan(5);
    expect(accepted).toBeLessThan(20);
    expect([...store.keys()].length).toBe(accepted);
    // As large as what it replaces: it needs no memory.
    await store.put('key0', 'w'.repeat(500));
    await store.delete('key1');
    await store.put('key1', 'v'.repeat(500));
    const batch = store.batch([
      { type: 'delete', key: 'key2' },
      { type: 'put', key: 'big', value: 'v'.repeat(5000) },
    ]);
    await expect(batch).rejects.toMatchObject({ code: 'memory-full' });
    expect(store.has('key2')).toBe(true);
  });

  it('refuses an atomic batch that the log cannot write in one piece, also one of deletes', async () => {
    const wide = await open(':memory:', { keyBytesMax: 65_535 }, { clock });
    const key = 'k'.repeat(65_535);
    const operations = Array.from({ length: 8_200 }, () => ({ type: 'delete' as const, key }));
    await expect(wide.batch(operations)).rejects.toMatchObject({
      code: 'invalid-argument',
      outcome: 'not-applied',
    });
    expect(wide.stats().appended).toBe(0);
    await wide.close();
  });

  it('entries show the moment at which they were asked for, in whatever slices they are read', async () => {
    for (let index = 0; index < 2_000; index += 1) void store.put(`key ${index}`, 'before');
    const before = store.entries({ prefix: 'key 1' })[Symbol.iterator]();
    const later = store.entries({ prefix: 'key 1' });
    expect(before.next().value).toEqual(['key 1', 'before']);
    for (let index = 0; index < 2_000; index += 2) void store.delete(`key ${index}`);
    for (let index = 1; index < 2_000; index += 2) void store.put(`key ${index}`, 'after');
    void store.put('key 1 and more', 'after');
    const seen: unknown[] = [];
    for (let entry = before.next(); entry.done !== true; entry = before.next()) seen.push(entry.value[1]);
    expect(seen).toEqual(Array.from({ length: 1_110 }, () => 'before'));
    const found = [];
    for await (const [, value] of later) {
      void store.put(`key 1 ${found.length}`, 'too late');
      found.push(value);
    }
    expect(found).toEqual(Array.from({ length: 557 }, () => 'after'));
  });

  it('view: reads what lies in memory, and what was read stays right', async () => {
    const encodings = { keyEncoding: 'view', valueEncoding: 'view' } as const;
    const views = await open(':memory:', { ...encodings, memoryBytesMax: 64 * 1024 * 1024 }, { clock });
    void views.put('key', 'value');
    const value = views.get('key')!;
    const [[key]] = [...views.entries()] as [[Uint8Array, Uint8Array]];
    expect(value.buffer.byteLength).toBeGreaterThan(1_000);
    for (let index = 0; index < 2_000; index += 1) {
      await views.put('key', 'x'.repeat(1_000));
    }
    expect(views.stats().memoryBytes).toBeLessThan(1_000_000);
    expect([Buffer.from(key).toString(), Buffer.from(value).toString()]).toEqual(['key', 'value']);
    await views.close();
  });
});

describe('encodings', () => {
  it('json: gives back what JSON can carry, and refuses what it cannot', async () => {
    const store = await open(':memory:', { keyEncoding: 'json', valueEncoding: 'json' });
    await store.put(['user', 1], { name: 'Ada', tags: [null, true] });
    expect(store.get(['user', 1])).toEqual({ name: 'Ada', tags: [null, true] });
    expect([...store.keys()]).toEqual([['user', 1]]);
    await store.put('null', null);
    expect([store.get('null'), store.has('null')]).toEqual([null, true]);
    await expect(store.put('a', undefined)).rejects.toThrow(TypeError);
    await expect(store.put('a', () => 1)).rejects.toThrow(TypeError);
    await expect(store.put('a', 1n)).rejects.toThrow(TypeError);
    await store.close();
  });

  it('binary: copies in, copies out', async () => {
    const store = await open(':memory:', { keyEncoding: 'binary', valueEncoding: 'binary' });
    const given = Uint8Array.of(1, 2, 3);
    await store.put(Uint8Array.of(0, 255), given);
    given[0] = 9;
    const got = store.get(Buffer.of(0, 255))!;
    expect([...got]).toEqual([1, 2, 3]);
    got[0] = 9;
    expect([...store.get(Uint8Array.of(0, 255))!]).toEqual([1, 2, 3]);
    expect([...store.keys({ prefix: Uint8Array.of(0) })]).toEqual([Uint8Array.of(0, 255)]);
    await store.put('text', 'text');
    expect(Buffer.from(store.get('text')!).toString()).toBe('text');
    await expect(store.put(5 as unknown as string, 'a')).rejects.toThrow(TypeError);
    await store.close();
  });

  it('utf8: refuses half a surrogate pair, and bytes that are no UTF-8', async () => {
    const store = await open(':memory:');
    await expect(store.put('a\ud800', '1')).rejects.toMatchObject({ code: 'invalid-argument' });
    await expect(store.put('a', '\udc00')).rejects.toMatchObject({ code: 'invalid-argument' });
    expect(() => store.get('\ud800')).toThrow(/surrogate/);
    await store.put('\ufeffkey 😀', '\ufeffvalue 😀');
    expect([...store.entries()]).toEqual([['\ufeffkey 😀', '\ufeffvalue 😀']]);
    await store.close();

    const fileSystem = createMemoryFileSystem();
    const bytes = await open('/data', { valueEncoding: 'binary' }, { fileSystem });
    await bytes.put('a', Uint8Array.of(0xff));
    await bytes.close();
    const text = await open('/data', {}, { fileSystem });
    expect(() => text.get('a')).toThrow(/no UTF-8/);
    expect(text.has('a')).toBe(true);
    await text.close();
  });

  it('keys that are names of object properties are keys like others', async () => {
    const store = await open(':memory:', { valueEncoding: 'json' });
    expect([store.get('__proto__'), store.get('constructor')]).toEqual([undefined, undefined]);
    await store.put('__proto__', { polluted: true });
    expect(store.get('__proto__')).toEqual({ polluted: true });
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
    await store.close();
  });
});
