import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createManualClock, createMemoryFileSystem, type MemoryFileSystem } from '@kv/testing';

import { KvLevel, type KvLevelOptions } from '../src/index.js';

const location = '/data/level';
const cause = (expected: object) => expect.objectContaining({ cause: expect.objectContaining(expected) });

describe('KvLevel', () => {
  let fileSystem: MemoryFileSystem;
  let database: KvLevel;
  const created = <Value = string>(options: KvLevelOptions<string, Value> = {}) =>
    new KvLevel<string, Value>(
      location,
      { memoryBytesMax: 1e9, snapshotIntervalMs: 0, ...options },
      {
        fileSystem,
        clock: createManualClock({ nowMs: 1_750_000_000_000 }),
      },
    );
  beforeEach(() => {
    fileSystem = createMemoryFileSystem();
    database = created();
  });
  afterEach(() => database.close());

  it('keeps what it acknowledged over a crash, and nothing else', async () => {
    await database.batch([
      { type: 'put', key: 'a', value: '1' },
      { type: 'put', key: 'b', value: '1' },
    ]);
    await database.del('a');
    void database.put('late', 'not acknowledged');
    fileSystem = fileSystem.crash();
    const again = created();
    expect(await again.iterator().all()).toEqual([['b', '1']]);
    await again.close();
  });

  it('says that another one has the directory, and which', async () => {
    await database.open();
    await expect(created().open()).rejects.toEqual(cause({ code: 'unavailable' }));
  });

  it.each([
    [{ durability: 'never' }, 'durability'],
    [{ keyBytesMax: 70_000 }, 'keyBytesMax'],
  ])('hands on options of the store: %j', async (options, named) => {
    await expect(created(options as object).open()).rejects.toEqual(
      cause({ message: expect.stringContaining(named) }),
    );
  });

  it('createIfMissing and errorIfExists look at the directory', async () => {
    await expect(created({ createIfMissing: false }).open()).rejects.toEqual(
      cause({ message: expect.stringContaining(location) }),
    );
    await database.put('a', '1');
    await database.close();
    await expect(created({ errorIfExists: true }).open()).rejects.toEqual(
      cause({ message: expect.stringContaining('exists') }),
    );
    const again = created({ createIfMissing: false });
    expect(await again.get('a')).toBe('1');
    await again.close();
  });

  it('takes keys as long as the format can carry, and refuses longer ones by name', async () => {
    await database.put('k'.repeat(65_535), 'long');
    expect(await database.get('k'.repeat(65_535))).toBe('long');
    await expect(database.put('k'.repeat(65_536), 'longer')).rejects.toMatchObject({
      code: 'invalid-argument',
      message: expect.stringContaining('keyBytesMax'),
    });
  });

  it('lets others have their turn during long reads, and ends them when told to', async () => {
    const many = Array.from({ length: 5_000 }, (_, index) => String(index).padStart(5, '0'));
    await database.batch(many.map((key) => ({ type: 'put', key, value: '' })));
    let turns = 0;
    const counted = (): void => {
      turns += 1;
      if (turns < 1_000_000) immediate = setImmediate(counted);
    };
    let immediate = setImmediate(counted);
    expect(await database.keys().all()).toEqual(many);
    clearImmediate(immediate);
    expect(turns).toBeGreaterThanOrEqual(4);

    const controller = new AbortController();
    setImmediate(() => controller.abort());
    await expect(database.keys({ signal: controller.signal }).all()).rejects.toMatchObject({
      code: 'LEVEL_ABORTED',
    });
  });

  it('clear() leaves what was put while it ran', async () => {
    const many = Array.from({ length: 3_000 }, (_, index) => String(index));
    await database.batch(many.map((key) => ({ type: 'put', key, value: '' })));
    const cleared = database.clear();
    await database.put('zz', 'new');
    await cleared;
    expect(await database.keys().all()).toEqual(['zz']);
  });

  it('a snapshot outlives writes, and is refused once closed', async () => {
    await database.put('a', 'before');
    const snapshot = database.snapshot();
    await database.put('a', 'after');
    await database.put('b', 'after');
    expect(await database.iterator({ snapshot }).all()).toEqual([['a', 'before']]);
    expect(await database.getMany(['a', 'b'], { snapshot })).toEqual(['before', undefined]);
    expect(database.getSync('a')).toBe('after');
    await snapshot.close();
    await expect(database.get('a', { snapshot })).rejects.toMatchObject({ code: 'LEVEL_SNAPSHOT_NOT_OPEN' });
  });

  it('in memory, keeps its entries from close to open', async () => {
    const memory = new KvLevel<string, { n: number }>(':memory:', { valueEncoding: 'json' });
    await memory.put('a', { n: 1 });
    await memory.close();
    await memory.open();
    expect(await memory.get('a')).toEqual({ n: 1 });
    expect(memory.supports).toMatchObject({ permanence: false, createIfMissing: false });
    await memory.close();
  });

  it('wants a location', () => {
    expect(() => new KvLevel(undefined as unknown as string)).toThrow(TypeError);
    expect(() => new KvLevel('')).toThrow(TypeError);
  });
});
