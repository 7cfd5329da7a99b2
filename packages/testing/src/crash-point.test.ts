import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { createMemoryFileSystem, type MemoryFileSystem } from './memory-file-system.js';

const paths = ['/a/x', '/a/y', '/a/z'] as const;

/** What a disk holds, as text: the dumb oracle of the image hash. */
function imageOf(fileSystem: MemoryFileSystem): string {
  return fileSystem
    .paths()
    .map((path) => `${path} ${Buffer.from(fileSystem.contents(path)).toString('base64')}`)
    .join('\n');
}

const pathOf = fc.constantFrom(...paths);
const command = fc.oneof(
  fc.record({
    kind: fc.constant('write' as const),
    path: pathOf,
    position: fc.integer({ min: 0, max: 1200 }),
    bytes: fc.integer({ min: 1, max: 900 }),
    fill: fc.integer({ min: 0, max: 3 }),
  }),
  fc.record({ kind: fc.constantFrom('create' as const, 'sync' as const, 'remove' as const), path: pathOf }),
  fc.record({ kind: fc.constant('rename' as const), path: pathOf, to: pathOf }),
  fc.constant({ kind: 'syncDirectory' as const }),
);
type Command = typeof command extends fc.Arbitrary<infer Value> ? Value : never;

async function run(fileSystem: MemoryFileSystem, commands: readonly Command[]): Promise<void> {
  await fileSystem.makeDirectory('/a');
  const handles = new Map<string, Awaited<ReturnType<MemoryFileSystem['create']>>>();
  const begin = paths.map((path): Command => ({ kind: 'create', path }));
  for (const each of [...begin, ...commands]) {
    if (each.kind === 'syncDirectory') await fileSystem.syncDirectory('/a');
    else if (each.kind === 'create') handles.set(each.path, await fileSystem.create(each.path));
    else if (each.kind === 'write') {
      await handles.get(each.path)?.write(new Uint8Array(each.bytes).fill(each.fill), each.position);
    } else if (each.kind === 'sync') await handles.get(each.path)?.sync();
    else if (fileSystem.paths().includes(each.path)) {
      if (each.kind === 'rename') await fileSystem.rename(each.path, each.to);
      else await fileSystem.remove(each.path);
    }
  }
}

describe('a crash point', () => {
  it('gives equal images equal hashes, and different ones different hashes', async () => {
    let images = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(command, { maxLength: 25 }),
        fc.infiniteStream(fc.nat()),
        async (commands, stream) => {
          const fileSystem = createMemoryFileSystem();
          await run(fileSystem, commands);
          const point = fileSystem.crashPoint();
          const textOfHash = new Map<number, string>();
          const hashOfText = new Map<string, number>();
          for (let trial = 0; trial < 12; trial += 1) {
            const choice = point.unsynced.map(
              ({ versions }) => (stream.next().value as number) % (versions + 1),
            );
            const crashed = fileSystem.crash({ choice });
            const [hash, text] = [point.imageHash(choice), imageOf(crashed)];
            expect(crashed.crashPoint().imageHash([])).toBe(hash);
            expect(crashed.crashPoint().unsynced).toEqual([]);
            expect(textOfHash.get(hash) ?? text).toBe(text);
            expect(hashOfText.get(text) ?? hash).toBe(hash);
            textOfHash.set(hash, text);
            hashOfText.set(text, hash);
          }
          images += textOfHash.size;
        },
      ),
      { numRuns: 150 },
    );
    expect(images).toBeGreaterThan(300);
  });

  it('lists what a crash may lose, version by version', async () => {
    const fileSystem = createMemoryFileSystem();
    await fileSystem.makeDirectory('/a');
    const file = await fileSystem.create('/a/x');
    await file.write(Uint8Array.of(1), 0);
    await file.write(Uint8Array.of(2), 0);
    await file.write(new Uint8Array(600).fill(3), 1);
    const { unsynced } = fileSystem.crashPoint();
    expect(unsynced).toEqual([
      { kind: 'name', path: '/a/x', versions: 1 },
      { kind: 'sector', path: '/a/x', sector: 0, versions: 3 },
      { kind: 'sector', path: '/a/x', sector: 1, versions: 1 },
      { kind: 'size', path: '/a/x', versions: 1 },
    ]);
    const found = (choice: number[]) => [...fileSystem.crash({ choice }).contents('/a/x')];
    expect(found([1, 1])).toEqual([1]);
    expect(found([1, 2])).toEqual([2]);
    expect(found([1, 0, 0, 1])).toEqual(new Array(601).fill(0));
    expect(found([1, 0, 1]).slice(510, 514)).toEqual([0, 0, 3, 3]);
    expect(fileSystem.crash({ choice: [0, 3, 1, 1] }).paths()).toEqual([]);
  });

  it('brings an older content back if its emptying was not synced', async () => {
    const fileSystem = createMemoryFileSystem();
    await fileSystem.makeDirectory('/a');
    fileSystem.replace('/a/x', Uint8Array.of(7, 7));
    const file = await fileSystem.create('/a/x');
    await file.write(Uint8Array.of(1), 0);
    const found = (choice: number[]) => [...fileSystem.crash({ choice }).contents('/a/x')];
    expect(fileSystem.crashPoint().unsynced.map(({ kind }) => kind)).toEqual(['sector', 'size']);
    expect(found([])).toEqual([7, 7]);
    expect(found([0, 1])).toEqual([]);
    expect(found([0, 2])).toEqual([0]);
    expect(found([1, 0])).toEqual([1]);
    await file.sync();
    expect(found([])).toEqual([1]);
  });

  it('shares with its copies what neither changes', async () => {
    const fileSystem = createMemoryFileSystem();
    await fileSystem.makeDirectory('/a');
    const file = await fileSystem.create('/a/x');
    await file.write(new Uint8Array(2000).fill(1), 0);
    await file.sync();
    await fileSystem.syncDirectory('/a');
    const [first, second] = [fileSystem.crash(), fileSystem.crash()];
    first.flip('/a/x', 8 * 1999 + 1);
    await file.write(Uint8Array.of(9), 0);
    expect([fileSystem, first, second].map((each) => each.contents('/a/x')[1999])).toEqual([1, 3, 1]);
    expect([fileSystem, first, second].map((each) => each.contents('/a/x')[0])).toEqual([9, 1, 1]);
  });

  it('never makes durable what a failed sync dropped, unless it is written again', async () => {
    const fileSystem = createMemoryFileSystem();
    await fileSystem.makeDirectory('/a');
    const file = await fileSystem.create('/a/x');
    await fileSystem.syncDirectory('/a');
    await file.write(new Uint8Array(600).fill(1), 0);
    fileSystem.failSync('EIO', /x$/);
    await expect(file.sync()).rejects.toMatchObject({ code: 'EIO' });
    await file.sync();
    expect([...fileSystem.crash().contents('/a/x').subarray(0, 2)]).toEqual([0, 0]);
    expect(fileSystem.contents('/a/x')[0]).toBe(1);
    await file.write(Uint8Array.of(5), 0);
    await file.sync();
    const after = fileSystem.crash().contents('/a/x');
    expect([after[0], after[1], after[599]]).toEqual([5, 1, 0]);
  });
});
