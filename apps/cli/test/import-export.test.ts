import { PassThrough } from 'node:stream';

import { describe, expect, it } from '@jest/globals';
import { KvError } from '@kv/errors';
import fc from 'fast-check';

import { FakeStore, runCli, terminal } from './fake-io.js';

function lines(...records: (object | string)[]): string {
  return records
    .map((record) => (typeof record === 'string' ? record : JSON.stringify(record)) + '\n')
    .join('');
}

const unavailable = (): KvError => new KvError('unavailable', 'down', { outcome: 'unknown' });

describe('kv import', () => {
  it('stores text and bytes, and counts', async () => {
    const store = new FakeStore();
    const stdin = lines({ key: 'é', value: '\u0000' }, { keyBase64: '/w==', valueBase64: '/v8=' }, '');
    const result = await runCli(store, ['import'], { stdin });
    expect(result).toMatchObject({
      code: 0,
      stdout: 'imported 2, failed 0, invalid 0, skipped 0\n',
      stderr: '',
    });
    expect([...store.entries.keys()].sort()).toEqual(['Ã©', 'ÿ']);
    expect(store.entries.get('ÿ')!.value).toEqual(Buffer.from([0xfe, 0xff]));
  });

  it('reads a file, and says when there is none', async () => {
    const store = new FakeStore();
    const files = new Map([['in', Buffer.from('{"key":"k","value":"v"}')]]);
    expect(await runCli(store, ['import', 'in', '--json'], { files })).toMatchObject({
      code: 0,
      stdout: '{"imported":1,"failed":0,"invalid":0,"skipped":0}\n',
    });
    expect(await runCli(store, ['import', 'out'], { files })).toMatchObject({ code: 3 });
  });

  it('reports invalid lines by number, and takes the rest', async () => {
    const bad: (object | string)[] = [
      '{',
      '[]',
      'null',
      { value: 'v' },
      { key: 'k' },
      { key: 1, value: 'v' },
      { key: 'k', keyBase64: 'aw==', value: 'v' },
      { key: 'k', valueBase64: '#' },
      { key: 'k', value: 'v', expiresAtMs: 1.5 },
      { key: 'k', value: 'v', expiresAtMs: '5' },
      { key: '', value: 'v' },
      '{"key":"\\ud800","value":"v"}',
    ];
    const store = new FakeStore();
    const result = await runCli(store, ['import'], {
      stdin: lines({ key: 'first', value: '1' }, ...bad, { key: 'last', value: '2' }),
    });
    expect(result).toMatchObject({
      code: 3,
      stdout: `imported 2, failed 0, invalid ${bad.length}, skipped 0\n`,
    });
    const told = result.stderr.trimEnd().split('\n');
    expect(told.map((line) => /^line (\d+): invalid: /.exec(line)?.[1]).sort()).toEqual(
      bad.map((_, index) => String(index + 2)).sort(),
    );
    expect([...store.entries.keys()].sort()).toEqual(['first', 'last']);
  });

  it('counts lines as an editor does, blank ones and carriage returns included', async () => {
    const { stderr } = await runCli(new FakeStore(), ['import'], {
      stdin: '\r\n\n{"key":"k","value":"v"}\r\n\nnonsense',
    });
    expect(stderr).toContain('line 5: invalid');
  });

  it('refuses a line that is not UTF-8, and one that would not fit into memory', async () => {
    const store = new FakeStore();
    const long = Buffer.from(`{"key":"k","value":"${'x'.repeat(9 * 1024 * 1024)}"}\n`);
    const stdin = Buffer.concat([
      Buffer.from([0x22, 0xff, 0x22, 0x0a]),
      long,
      Buffer.from('{"key":"k","value":"v"}'),
    ]);
    const { code, stdout, stderr } = await runCli(store, ['import'], { stdin });
    expect([code, stdout]).toEqual([3, 'imported 1, failed 0, invalid 2, skipped 0\n']);
    expect(stderr).toContain('line 1: invalid: the line is not UTF-8');
    expect(stderr).toContain('line 2: invalid: longer than');
  });

  it('skips what has expired, and gives the rest the time that is left', async () => {
    const store = new FakeStore();
    const stdin = lines(
      { key: 'old', value: 'v', expiresAtMs: store.nowMs },
      { key: 'new', value: 'v', expiresAtMs: store.nowMs + 700 },
    );
    expect((await runCli(store, ['import'], { stdin })).stdout).toContain(
      'imported 1, failed 0, invalid 0, skipped 1',
    );
    expect(store.puts.map(({ options }) => options?.ttlMs)).toEqual([700]);
  });

  it('retries what may be retried', async () => {
    const store = new FakeStore();
    store.putFailures.set('k', [
      unavailable(),
      new KvError('overloaded', 'full', { retryAfterMs: 9_000 }),
      unavailable(),
    ]);
    const begin = store.nowMs;
    const result = await runCli(store, ['import'], { stdin: lines({ key: 'k', value: 'v' }) });
    expect(result).toMatchObject({ code: 0, stderr: '' });
    expect(store.puts).toHaveLength(4);
    expect(store.nowMs - begin).toBeGreaterThanOrEqual(9_000);
  });

  it('gives a record up at its deadline, and reports its line; the rest goes in', async () => {
    const store = new FakeStore();
    store.putFailures.set('bad', Array.from({ length: 1_000 }, unavailable));
    const stdin = lines({ key: 'a', value: '1' }, { key: 'bad', value: '2' }, { key: 'c', value: '3' });
    const begin = store.nowMs;
    const { code, stdout, stderr } = await runCli(store, ['import', '--deadline-ms', '5000'], { stdin });
    expect([code, stdout]).toEqual([3, 'imported 2, failed 1, invalid 0, skipped 0\n']);
    expect(stderr).toBe('line 2: failed: unavailable: down (it may have taken effect)\n');
    expect(store.nowMs - begin).toBeLessThanOrEqual(5_000);
    expect(store.puts.length).toBeGreaterThan(5);
  });

  it('stops when the cluster is away, and says where', async () => {
    const store = new FakeStore();
    const records = Array.from({ length: 50 }, (_, index) => ({ key: `k${index}`, value: 'v' }));
    // The first few go in.
    for (const { key } of records.slice(10)) {
      store.putFailures.set(key, Array.from({ length: 1_000 }, unavailable));
    }
    const words = ['import', '--deadline-ms', '5000', '--concurrency', '4'];
    const { code, stdout, stderr } = await runCli(store, words, { stdin: lines(...records) });
    expect(code).toBe(3);
    const [, failed] = /^imported 10, failed (\d+), invalid 0, skipped 0\n$/.exec(stdout) ?? [];
    expect(Number(failed)).toBeGreaterThan(0);
    expect(Number(failed)).toBeLessThanOrEqual(12);
    expect(stderr).toMatch(/\nkv: unavailable: no record was taken for 5000 ms: stopped before line \d+\n$/);
  });

  it('does not retry what would fail again', async () => {
    const store = new FakeStore();
    store.putFailures.set('k', [new KvError('memory-full', 'full', { outcome: 'not-applied' })]);
    const { code } = await runCli(store, ['import'], { stdin: lines({ key: 'k', value: 'v' }) });
    expect([code, store.puts.length]).toEqual([3, 1]);
  });

  it('keeps so many under way and no more', async () => {
    for (const [flag, max] of [[['--concurrency', '7'], 7] as const, [[], 64] as const]) {
      const store = new FakeStore();
      const records = Array.from({ length: 300 }, (_, i) => ({ key: `k${i}`, value: 'v' }));
      await runCli(store, ['import', ...flag], { stdin: lines(...records) });
      expect([store.entries.size, store.putsTogetherMax]).toEqual([300, max]);
    }
  });

  it('lets the later of two lines with one key win', async () => {
    const store = new FakeStore();
    const records = Array.from({ length: 100 }, (_, i) => ({ key: `k${i % 3}`, value: String(i) }));
    await runCli(store, ['import'], { stdin: lines(...records) });
    expect(['k0', 'k1', 'k2'].map((key) => Buffer.from(store.entries.get(key)!.value).toString())).toEqual([
      '99',
      '97',
      '98',
    ]);
  });

  it('tells what is in when it is interrupted', async () => {
    const store = new FakeStore();
    const interrupt = new AbortController();
    const input = new PassThrough();
    input.write(lines({ key: 'a', value: '1' }));
    const result = runCli(store, ['import'], { io: { stdin: () => input, signal: interrupt.signal } });
    while (store.entries.size === 0) await new Promise((resolve) => setImmediate(resolve));
    interrupt.abort();
    expect(await result).toMatchObject({
      code: 3,
      stdout: 'imported 1, failed 0, invalid 0, skipped 0\n',
      stderr: 'kv: interrupted\n',
    });
  });

  it('shows a bar on a terminal only', async () => {
    const { stream, text } = terminal();
    const files = new Map([['in', Buffer.from(lines({ key: 'a', value: '1' }, 'nonsense'))]]);
    const { code } = await runCli(new FakeStore(), ['import', 'in'], { files, io: { stderr: stream } });
    expect(code).toBe(3);
    expect(text()).toContain('%');
    expect(text()).toContain('line 2: invalid');
  });
});

describe('kv export', () => {
  it('writes NDJSON to standard output and the count to standard error', async () => {
    const store = new FakeStore();
    await runCli(store, ['import'], {
      stdin: lines(
        { key: 'a', value: 'é' },
        { keyBase64: '/w==', value: '' },
        { key: 'x', value: 'v', expiresAtMs: store.nowMs + 50 },
      ),
    });
    const { code, stdout, stderr } = await runCli(store, ['export']);
    expect([code, stderr]).toEqual([0, 'exported 3\n']);
    expect(
      stdout
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as unknown),
    ).toEqual([
      { key: 'a', value: 'é' },
      { key: 'x', value: 'v', expiresAtMs: store.nowMs + 50 },
      { keyBase64: '/w==', value: '' },
    ]);
    expect((await runCli(store, ['export', '--prefix', 'a'])).stdout).toBe('{"key":"a","value":"é"}\n');
  });

  it('followed by import gives an equal store', async () => {
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 20 }),
      fc.string({ unit: 'binary' }).map((text) => Buffer.from(text)),
    );
    const record = fc.record({
      key: bytes,
      value: bytes,
      ttlMs: fc.option(fc.integer({ min: 1, max: 1e12 })),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(record, { maxLength: 20 }), async (records) => {
        const store = new FakeStore();
        for (const { key, value, ttlMs } of records) {
          if (key.length === 0) continue;
          const client = store.connect([], {});
          await client.put(key, value, ttlMs === null ? {} : { ttlMs });
        }
        const files = new Map<string, Buffer>();
        expect(await runCli(store, ['export', 'f'], { files })).toMatchObject({ code: 0 });
        const copy = new FakeStore();
        expect(await runCli(copy, ['import', 'f'], { files })).toMatchObject({ code: 0 });
        const contents = ({ entries }: FakeStore) =>
          [...entries]
            .map(([key, { value, expiresAtMs }]) => [key, Buffer.from(value).toString('hex'), expiresAtMs])
            .sort();
        expect(contents(copy)).toEqual(contents(store));
      }),
      { numRuns: 50 },
    );
  });

  it('leaves the file of before alone when it fails half-way', async () => {
    const store = new FakeStore();
    await runCli(store, ['put', 'k', 'v']);
    const files = new Map([['f', Buffer.from('precious')]]);
    store.scanFailure = unavailable();
    expect(await runCli(store, ['export', 'f'], { files })).toMatchObject({ code: 3, stdout: '' });
    expect(files.get('f')!.toString()).toBe('precious');
    store.scanFailure = undefined;
    expect(await runCli(store, ['export', 'f', '--json'], { files })).toMatchObject({
      stdout: '{"exported":1}\n',
    });
    expect(files.get('f')!.toString()).toBe('{"key":"k","value":"v"}\n');
  });
});
