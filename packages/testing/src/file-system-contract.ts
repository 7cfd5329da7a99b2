import type { FileSystemShape } from './file-system-shape.js';

export interface FileSystemSubject {
  readonly fileSystem: FileSystemShape;
  /** Of a path that does not exist yet, below one that does. */
  readonly directory: string;
}

export interface FileSystemContractCase {
  readonly name: string;
  /** Throws if the file system does not keep to the contract. */
  readonly run: (subject: FileSystemSubject) => Promise<void>;
}

/** What every file system must do, real or fake: run each case against a fresh subject, in any test framework. */
export const fileSystemContract: readonly FileSystemContractCase[] = [
  {
    name: 'makes directories with their parents, and finds those that exist already fine',
    async run({ fileSystem, directory }) {
      const deep = `${directory}/b/c`;
      await fileSystem.makeDirectory(deep);
      await fileSystem.makeDirectory(deep);
      equal(await fileSystem.list(deep), []);
    },
  },
  {
    name: 'reads what was written, at any position',
    async run(subject) {
      const { fileSystem, path } = await withFile(subject, [1, 2, 3, 4, 5]);
      const file = await fileSystem.openForRead(path);
      equal(await file.size(), 5);
      const into = new Uint8Array(3);
      equal(await file.read(into, 1), 3);
      equal([...into], [2, 3, 4]);
      equal(await file.read(into, 4), 1);
      equal(into[0], 5);
      equal(await file.read(into, 5), 0);
      equal(await file.read(into, 99), 0);
      await file.close();
    },
  },
  {
    name: 'writes at a position, within and beyond what is there',
    async run({ fileSystem, directory }) {
      await fileSystem.makeDirectory(directory);
      const path = `${directory}/file`;
      const file = await fileSystem.create(path);
      await write(file, [1, 1, 1, 1], 0);
      await write(file, [2, 2], 1);
      await write(file, [3], 6);
      await file.sync();
      await file.close();
      equal(await contentOf(fileSystem, path), [1, 2, 2, 1, 0, 0, 3]);
    },
  },
  {
    name: 'writes many parts as one, at a position, however few bytes it takes at a time',
    async run({ fileSystem, directory }) {
      await fileSystem.makeDirectory(directory);
      const path = `${directory}/file`;
      const file = await fileSystem.create(path);
      await write(file, [9, 9], 0);
      const parts = [[1, 2, 3], [], [4], [5, 6, 7, 8]].map((part) => Uint8Array.from(part));
      const bytes = 8;
      for (let done = 0; done < bytes;) {
        const count = await file.writev(remaining(parts, done), 1 + done);
        if (count < 1 || count > bytes - done) throw new Error(`took ${count} of ${bytes - done} bytes`);
        done += count;
      }
      await file.sync();
      await file.close();
      equal(await contentOf(fileSystem, path), [9, 1, 2, 3, 4, 5, 6, 7, 8]);
    },
  },
  {
    name: 'writes at once what it takes so, and nothing of what it does not',
    async run(subject) {
      const { fileSystem, path } = await withFile(subject, [9]);
      const file = await fileSystem.create(path);
      await write(file, [9], 0);
      const parts = [[1, 2, 3], [4]].map((part) => Uint8Array.from(part));
      const taken = file.writevAtOnce(parts, 1);
      equal(
        await contentOf(fileSystem, path),
        taken === undefined ? [9] : [9, 1, 2, 3, 4].slice(0, 1 + taken),
      );
      await file.close();
    },
  },
  {
    name: 'empties a file that is created again',
    async run(subject) {
      const { fileSystem, path } = await withFile(subject, [1, 2, 3]);
      const file = await fileSystem.create(path);
      await write(file, [9], 0);
      await file.close();
      equal(await contentOf(fileSystem, path), [9]);
    },
  },
  {
    name: 'renames over a file that exists',
    async run(subject) {
      const { fileSystem, directory, path } = await withFile(subject, [1]);
      const other = await fileSystem.create(`${directory}/other`);
      await write(other, [2], 0);
      await other.close();
      await fileSystem.rename(`${directory}/other`, path);
      await fileSystem.syncDirectory(directory);
      equal(await fileSystem.list(directory), ['file']);
      equal(await contentOf(fileSystem, path), [2]);
    },
  },
  {
    name: 'lets a file that is open be renamed, written and removed',
    async run({ fileSystem, directory }) {
      await fileSystem.makeDirectory(directory);
      const file = await fileSystem.create(`${directory}/before`);
      await write(file, [1], 0);
      await fileSystem.rename(`${directory}/before`, `${directory}/after`);
      await write(file, [2], 1);
      await file.sync();
      equal(await contentOf(fileSystem, `${directory}/after`), [1, 2]);
      const reading = await fileSystem.openForRead(`${directory}/after`);
      await fileSystem.remove(`${directory}/after`);
      equal(await reading.size(), 2);
      await reading.close();
      await file.close();
      equal(await fileSystem.list(directory), []);
    },
  },
  {
    name: 'rejects with ENOENT what is not there',
    async run({ fileSystem, directory }) {
      await rejects('ENOENT', fileSystem.list(directory));
      await rejects('ENOENT', fileSystem.create(`${directory}/file`));
      await fileSystem.makeDirectory(directory);
      await rejects('ENOENT', fileSystem.openForRead(`${directory}/file`));
      await rejects('ENOENT', fileSystem.remove(`${directory}/file`));
      await rejects('ENOENT', fileSystem.rename(`${directory}/file`, `${directory}/other`));
    },
  },
  {
    name: 'gives a directory to one at a time',
    async run({ fileSystem, directory }) {
      await fileSystem.makeDirectory(directory);
      const lock = await fileSystem.lock(directory);
      await rejects(undefined, fileSystem.lock(directory));
      await lock.release();
      await (await fileSystem.lock(directory)).release();
    },
  },
];

async function withFile(
  { fileSystem, directory }: FileSystemSubject,
  content: readonly number[],
): Promise<FileSystemSubject & { readonly path: string }> {
  await fileSystem.makeDirectory(directory);
  const path = `${directory}/file`;
  const file = await fileSystem.create(path);
  await write(file, content, 0);
  await file.sync();
  await file.close();
  return { fileSystem, directory, path };
}

async function write(
  file: { write(bytes: Uint8Array, position: number): Promise<number> },
  content: readonly number[],
  position: number,
): Promise<void> {
  for (let done = 0; done < content.length;) {
    done += await file.write(Uint8Array.from(content.slice(done)), position + done);
  }
}

/** What of the parts comes after the first `done` bytes. */
function remaining(parts: readonly Uint8Array[], done: number): readonly Uint8Array[] {
  let before = 0;
  return parts.map((part) => {
    const rest = part.subarray(Math.min(part.length, Math.max(0, done - before)));
    before += part.length;
    return rest;
  });
}

async function contentOf(fileSystem: FileSystemShape, path: string): Promise<number[]> {
  const file = await fileSystem.openForRead(path);
  const bytes = new Uint8Array(await file.size());
  for (let done = 0; done < bytes.length;) {
    const count = await file.read(bytes.subarray(done), done);
    if (count === 0) throw new Error('the file ended before its size');
    done += count;
  }
  await file.close();
  return [...bytes];
}

function equal(actual: unknown, expected: unknown): void {
  const [a, b] = [JSON.stringify(actual), JSON.stringify(expected)];
  if (a !== b) throw new Error(`expected ${b}, got ${a}`);
}

async function rejects(code: string | undefined, promise: Promise<unknown>): Promise<void> {
  let error: unknown;
  try {
    await promise;
  } catch (caught) {
    error = caught;
  }
  if (error === undefined)
    throw new Error(`expected a rejection${code === undefined ? '' : ` with ${code}`}`);
  if (code !== undefined) equal((error as { code?: unknown }).code, code);
}
