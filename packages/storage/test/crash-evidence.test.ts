import { execFile } from 'node:child_process';
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';

// Whole processes, each of which opens a store thousands of times.
jest.setTimeout(300_000);

const packageFolder = new URL('..', import.meta.url).pathname;

/** A copy of what was built, to be broken. */
let copy: string;

beforeAll(async () => {
  copy = await mkdtemp(join(tmpdir(), 'kv-broken-'));
  await cp(join(packageFolder, 'package.json'), join(copy, 'package.json'));
  await symlink(join(packageFolder, 'node_modules'), join(copy, 'node_modules'));
  await cp(join(packageFolder, 'dist'), join(copy, 'dist'), { recursive: true });
});

afterAll(() => rm(copy, { recursive: true, force: true }));

interface Outcome {
  readonly exitCode: number;
  readonly text: string;
}

function crash(folder: string, words: string): Promise<Outcome> {
  const main = join(folder, 'dist', 'crash', 'main.js');
  return new Promise((resolve) => {
    execFile(process.execPath, [main, ...words.split(' '), '--workers', '1'], (error, stdout, stderr) => {
      resolve({ exitCode: error === null ? 0 : Number(error.code ?? -1), text: stdout + stderr });
    });
  });
}

describe('the crash loops', () => {
  it.each([
    'damage --job 0',
    'damage --job 160',
    'sectors --states 4000',
    'faults --job 1',
    'faults --job 4',
    'kill --job 1',
    'full-disk',
  ])('find nothing in this engine: %s', async (words) => {
    const { exitCode, text } = await crash(packageFolder, words);
    expect(text).toMatch(/1 loops passed, 0 failed|0 loops passed, 0 failed, 1 skipped/);
    expect(exitCode).toBe(0);
  });

  it('refuse arguments that they do not know', async () => {
    expect(await crash(packageFolder, 'everything')).toMatchObject({ exitCode: 2 });
    expect(await crash(packageFolder, 'sectors --states many')).toMatchObject({ exitCode: 2 });
  });
});

interface Mutant {
  readonly name: string;
  readonly file: string;
  readonly code: string;
  readonly instead: string;
  /** Part of the loops that must find it. */
  readonly words: string;
  readonly finding: RegExp;
}

const mutants: readonly Mutant[] = [
  {
    name: 'a log that is not synced',
    file: 'log/log-writer.js',
    code: 'await this.#file.sync();',
    instead: '',
    words: 'sectors --job 0',
    finding: /is lost/,
  },
  {
    name: 'an acknowledgement before the write',
    file: 'log/log-progress.js',
    code: 'return this.#written;',
    instead: 'return Infinity;',
    words: 'sectors --job 0',
    finding: /is lost/,
  },
  {
    name: 'an acknowledgement before the write, in a process that is killed',
    file: 'log/log-progress.js',
    code: 'return this.#written;',
    instead: 'return Infinity;',
    words: 'kill --job 0',
    finding: /was acknowledged and is lost/,
  },
  {
    name: 'names that are not synced',
    file: 'log/write-file.js',
    code: 'await fileSystem.syncDirectory(directory);',
    instead: '',
    words: 'sectors --job 0',
    finding: /is lost|is missing|may be/,
  },
  {
    name: 'a snapshot that is not synced before the log goes',
    file: 'snapshot/snapshot-writer.js',
    code: 'await created.sync();',
    instead: '',
    words: 'sectors --job 0',
    finding: /is lost|may be/,
  },
  {
    name: 'a log file that the manifest does not name',
    file: 'log/log-files.js',
    code: 'await manifest.update({ logLast: sequence, running: run });',
    instead: '',
    words: 'sectors --job 0',
    finding: /is lost/,
  },
  {
    name: 'a long input that begins anew with each of its records',
    file: 'memory/segment-space.js',
    code: 'if (segment.usedBytes === 0 && segment === this.#long) {',
    instead: `if (segment === this.#long) {
            const used = segment.usedBytes;
            segment.usedBytes = 0;
            this.ranges?.begin(segment);
            segment.usedBytes = used;`,
    words: 'kill --job 0',
    finding: /acknowledged and is lost|no prefix|more was taken than was appended/,
  },
  {
    name: 'a recovery that ignores the checksums of records',
    file: 'memory/segment.js',
    code: 'return verifyAt(this.words, offset >>> 2, end);',
    instead: 'return lengthAt(this.words, offset >>> 2);',
    words: 'damage --job 0',
    finding: /never written|not as it was written/,
  },
  {
    name: 'a recovery that ignores the checksums of batches',
    file: 'log/frame.js',
    code: 'if (xxh32(bytes, offset + 4, offset + batchHeaderBytes) !== readU32(bytes, offset))',
    instead: 'if (false)',
    words: 'damage --job 0',
    finding: /byte \d+/,
  },
  {
    name: 'damage that is not noted',
    file: 'recovery/open-files.js',
    code: 'if (noted)\n                return;',
    instead: 'return;',
    words: 'damage --job 0',
    finding: /after a crash|incarnation/,
  },
  {
    name: 'a short log that is called damaged',
    file: 'recovery/file-walk.js',
    code: "return ended(intact === undefined ? damagedAt(position) : { kind: 'short' });",
    instead: 'return ended(damagedAt(position));',
    words: 'damage --job 0',
    finding: /are suspect, only/,
  },
  {
    name: 'a machine crash at interval that leaves no suspects',
    file: 'recovery/open-files.js',
    code: "if (damage !== 'rebuild' || ",
    instead: 'if (true || ',
    words: 'sectors --job 3',
    finding: /not all is suspect/,
  },
  {
    name: 'a failed sync that ends nothing',
    file: 'log/group-commit.js',
    code: "throw this.fail(error, 'a sync of the log failed');",
    instead: '',
    words: 'faults --job 1',
    finding: /acknowledged after the fault|is lost/,
  },
  {
    name: 'a short write that is taken for a whole one',
    file: 'log/write-file.js',
    code: 'left = without(left, count);',
    instead: 'left = [];',
    words: 'faults --job 4',
    finding: /is lost|acknowledged after the fault|may be/,
  },
];

describe('a broken engine is caught:', () => {
  it.each(mutants.map((mutant) => [mutant.name, mutant] as const))('%s', async (_, mutant) => {
    const file = join(copy, 'dist', mutant.file);
    const sound = await readFile(file, 'utf8');
    // A mutant whose code is gone would prove nothing.
    expect(sound.split(mutant.code).length).toBe(2);
    await writeFile(file, sound.replace(mutant.code, mutant.instead));
    try {
      const { exitCode, text } = await crash(copy, mutant.words);
      expect(text).toMatch(mutant.finding);
      expect(text).toContain(`again: npm run -s crash -- ${mutant.words.split(' ')[0]!} --seed 1 --job`);
      expect(exitCode).toBe(1);
    } finally {
      await writeFile(file, sound);
    }
  });
});
