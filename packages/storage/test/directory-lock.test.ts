import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';

import { lockDirectory } from '../src/system/directory-lock.adapter.js';
import { identityOf } from '../src/system/process-identity.adapter.js';

// Many small cases: on a busy machine they take longer than the default allows.
jest.setTimeout(60_000);

const holder = fileURLToPath(new URL('./lock-holder.mjs', import.meta.url));

describe('directory lock', () => {
  let directory = '';
  const children: ChildProcess[] = [];

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'kv-lock-'));
  });

  afterEach(async () => {
    for (const child of children.splice(0)) child.kill('SIGKILL');
    await rm(directory, { recursive: true });
  });

  /** Starts a process that locks the directory; its first line. */
  function start(): { child: ChildProcess; line: Promise<string> } {
    const child = spawn(process.execPath, [holder, directory], { stdio: ['ignore', 'pipe', 'inherit'] });
    children.push(child);
    const line = new Promise<string>((resolve) =>
      child.stdout.once('data', (data: Buffer) => resolve(data.toString().trim())),
    );
    return { child, line };
  }

  async function killed(child: ChildProcess): Promise<void> {
    const exit = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await exit;
  }

  it('is refused while another process lives that has it, with directory and process named', async () => {
    const { child, line } = start();
    expect(await line).toBe('locked');
    const attempt = lockDirectory(directory);
    await expect(attempt).rejects.toMatchObject({ code: 'unavailable' });
    await expect(attempt).rejects.toThrow(`${directory} is in use by process ${child.pid}`);
    await killed(child);
    const lock = await lockDirectory(directory);
    expect(await start().line).toBe(`unavailable ${directory} is in use by process ${process.pid}`);
    await lock.release();
    expect(await readdir(directory)).toEqual([]);
  });

  it('30 SIGKILLs and restarts never block', async () => {
    for (let round = 0; round < 30; round += 1) {
      const { child, line } = start();
      expect(await line).toBe('locked');
      // Not waiting for its end: the next one may meet a process that is dead, but not yet reaped by its parent.
      child.kill('SIGKILL');
    }
    for (const child of children) if (child.signalCode === null) await killed(child);
    await (await lockDirectory(directory)).release();
    expect(await readdir(directory)).toEqual([]);
  });

  it('a live foreign process with the recorded process id does not block', async () => {
    // The lock of a process that died, whose id was then given to this one's parent.
    const owner = { pid: process.ppid, startedAt: 'another boot 12345', token: '0123456789abcdef' };
    await writeFile(join(directory, 'LOCK'), JSON.stringify(owner));
    const lock = await lockDirectory(directory);
    const written = JSON.parse(await readFile(join(directory, 'LOCK'), 'utf8')) as { pid: number };
    expect(written.pid).toBe(process.pid);
    await lock.release();
    // The very process does.
    const parent = await identityOf(process.ppid);
    await writeFile(join(directory, 'LOCK'), JSON.stringify({ ...owner, ...parent }));
    await expect(lockDirectory(directory)).rejects.toThrow(`process ${process.ppid}`);
  });

  it('is had by one of many that try at the same time, also when its last owner died', async () => {
    for (let round = 0; round < 5; round += 1) {
      await writeFile(
        join(directory, 'LOCK'),
        JSON.stringify({ pid: 2 ** 22 + 1, startedAt: '', token: 'ab' }),
      );
      const outcomes = await Promise.allSettled(Array.from({ length: 12 }, () => lockDirectory(directory)));
      const locks = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
      expect(locks).toHaveLength(1);
      await locks[0]!.release();
    }
    expect(await readdir(directory)).toEqual([]);
  });

  it('left-over announcements of the dead are cleared, whatever is in them', async () => {
    await writeFile(join(directory, 'LOCK.4194305.0123456789abcdef'), '');
    await writeFile(
      join(directory, 'LOCK.4194306.0123456789abcdef'),
      JSON.stringify({ pid: 4_194_306, startedAt: 'x', token: 'y' }),
    );
    await (await lockDirectory(directory)).release();
    expect(await readdir(directory)).toEqual([]);
  });

  it('is not given free by one whose lock was taken over', async () => {
    const lock = await lockDirectory(directory);
    await writeFile(
      join(directory, 'LOCK'),
      JSON.stringify({ pid: process.ppid, startedAt: 'x', token: 'another' }),
    );
    await lock.release();
    expect(await readdir(directory)).toEqual(['LOCK']);
  });
});
