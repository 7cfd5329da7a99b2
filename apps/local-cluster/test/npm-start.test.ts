import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';

import { describe, expect, it } from '@jest/globals';

import { findFreePorts } from '../src/index.js';
import { portsFrom, requireFreePorts } from '../src/ports.js';
import { eventually } from './eventually.js';
import { root, runCommand, type Started, startCommand } from './run-command.js';
import { createStage } from './stage.js';

const stage = createStage();
const script = join(root, 'scripts', 'run.mjs');
/** Everything was built before this test; building again would pull files from under the nodes of others. */
const env = { KV_SKIP_SETUP: '1' };

function start(...words: readonly string[]): Started {
  const started = startCommand(process.execPath, [script, 'start', ...words], { env });
  stage.atEnd(async () => {
    started.child.kill('SIGKILL');
    await started.outcome;
  });
  return started;
}

async function startRefused(...words: readonly string[]) {
  const outcome = await runCommand(process.execPath, [script, 'start', ...words], { env });
  expect(outcome.exitCode).toBeGreaterThan(0);
  expect(outcome.stdout).toBe('');
  return outcome.stderr;
}

interface Place {
  readonly flags: readonly string[];
  readonly directory: string;
  readonly port: number;
}

async function place(nodes: number): Promise<Place> {
  const directory = join(await stage.directory(), 'data');
  const port = await findFreePorts(nodes);
  return { directory, port, flags: ['--base-port', String(port), '--data-dir', directory] };
}

async function ready(started: Started): Promise<string[]> {
  const lines = () => started.output().stdout.split('\n');
  const isOver = started.outcome.then(({ stderr }) => {
    throw new Error(`npm start ended: ${stderr}`);
  });
  await Promise.race([isOver, eventually('it is ready', () => lines().length > 4)]);
  return lines();
}

function freeAgain(port: number, nodes: number): Promise<void> {
  return eventually('the ports are free again', () =>
    requireFreePorts(port, nodes).then(
      () => true,
      () => false,
    ),
  );
}

describe('npm start', () => {
  it('says that the cluster is ready, and three commands that work as printed; SIGTERM ends all', async () => {
    const { flags, port, directory } = await place(3);
    const started = start(...flags);
    const [first, ...rest] = await ready(started);
    const endpoints = portsFrom(port, 3).map((each) => `127.0.0.1:${each}`);
    expect(first).toBe(`cluster ready: ${endpoints.join(',')}`);
    const commands = rest.map((line) => line.trim()).filter((line) => line !== '');
    expect(commands).toHaveLength(3);
    const outputs: string[] = [];
    for (const command of commands) {
      const { exitCode, stdout } = await runCommand('sh', ['-c', command]);
      expect({ command, exitCode }).toEqual({ command, exitCode: 0 });
      outputs.push(stdout);
    }
    expect(outputs[1]).toBe('hello\n');

    started.child.kill('SIGTERM');
    expect(await started.outcome).toMatchObject({ exitCode: 0, signal: null });
    await freeAgain(port, 3);

    // The data stays, and only a cluster of the same shape may use it.
    const refused = await startRefused('--nodes', '5', ...flags);
    expect(refused).toContain('--nodes 3');
    expect(refused).toContain(directory);
    const again = start(...flags);
    await ready(again);
    const kept = await runCommand('sh', ['-c', commands[1]!]);
    expect(kept.stdout).toBe('hello\n');
    again.child.kill('SIGINT');
    expect(await again.outcome).toMatchObject({ exitCode: 0 });
  });

  it('killed with SIGKILL, it takes its nodes along', async () => {
    const { flags, port } = await place(5);
    const started = start('--nodes', '5', ...flags);
    const [first] = await ready(started);
    expect(first?.split(',')).toHaveLength(5);
    started.child.kill('SIGKILL');
    expect((await started.outcome).signal).toBe('SIGKILL');
    await freeAgain(port, 5);
  });

  it('tells when a node dies, goes on with the others, and ends with an error when all are gone', async () => {
    const { flags, port } = await place(3);
    const started = start(...flags);
    await ready(started);
    const pids = await nodePids(started);
    expect(pids).toHaveLength(3);
    process.kill(pids[1]!, 'SIGKILL');
    await eventually('it told', () => /node\d was ended by SIGKILL/.test(started.output().stderr));
    const where = [
      '--endpoints',
      portsFrom(port, 3)
        .map((each) => `127.0.0.1:${each}`)
        .join(','),
    ];
    const put = await runCommand(process.execPath, [script, 'kv', 'put', 'key', 'value', ...where], {
      env,
    });
    expect(put.exitCode).toBe(0);
    process.kill(pids[0]!, 'SIGKILL');
    process.kill(pids[2]!, 'SIGKILL');
    expect(await started.outcome).toMatchObject({ exitCode: 1 });
    await freeAgain(port, 3);
  });

  it('a bare word is answered with what to type', async () => {
    expect(await startRefused('5')).toContain('add `--` before the options');
  });

  it.each([
    ['--nodes', '0'],
    ['--nodes', 'three'],
    ['--base-port', '65535'],
    ['--nods', '3'],
    ['--data-dir', ''],
  ])('%s %s is refused by name', async (flag, value) => {
    expect(await startRefused(flag, value)).toContain(flag);
  });

  it('a busy port is named, and nothing is left running or written', async () => {
    const { flags, port } = await place(3);
    const holder = createServer();
    await new Promise<void>((resolve) => holder.listen(port + 1, '127.0.0.1', resolve));
    const refused = await startRefused(...flags);
    expect(refused.trimEnd().split('\n')).toHaveLength(1);
    expect(refused).toContain(`port ${port + 1} `);
    holder.close();
    await freeAgain(port, 3);
    // Another number of nodes is no contradiction to a start that never was.
    const started = start('--nodes', '1', ...flags);
    expect((await ready(started))[0]).toBe(`cluster ready: 127.0.0.1:${port}`);
  });

  it('a directory that cannot be written is named in one sentence', async () => {
    const { flags, directory } = await place(3);
    await writeFile(directory, 'a file where the directory should be');
    const refused = await startRefused(...flags);
    expect(refused.trimEnd().split('\n')).toHaveLength(1);
    expect(refused).toContain(directory);
  });
});

/** Linux: children of the launcher. */
async function nodePids({ child }: Started): Promise<number[]> {
  const { stdout } = await runCommand('ps', ['-o', 'pid=', '--ppid', String(child.pid)]);
  return stdout.split('\n').filter(Boolean).map(Number);
}
