import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { afterEach, describe, expect, it, jest } from '@jest/globals';

import { exitCodes } from '../src/index.js';
import { channelTo, clientsOf, startGrpcNode } from './grpc-node.js';

/** The command, built. */
const main = fileURLToPath(new URL('../dist/main.js', import.meta.url));

jest.setTimeout(30_000); // Starting a process on a busy machine takes seconds.

const directories: string[] = [];
const children: ChildProcess[] = [];

afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  for (const directory of directories.splice(0)) await rm(directory, { recursive: true });
});

async function newDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'kv-node-'));
  directories.push(directory);
  return directory;
}

interface Run {
  readonly child: ChildProcess;
  /** Resolves at its end. */
  readonly ended: Promise<{ exitCode: number | null; stdout: string; stderr: string }>;
  /** Resolves with the fields of the first log line with this message. */
  line(message: string): Promise<Record<string, unknown>>;
}

function run(argv: readonly string[], environment: Record<string, string> = {}): Run {
  const child = spawn(process.execPath, [main, ...argv], {
    env: { ...process.env, ...environment },
    stdio: ['pipe', 'pipe', 'pipe', 'ipc'],
  });
  children.push(child);
  let stdout = '';
  let stderr = '';
  const waiting: { message: string; resolve: (fields: Record<string, unknown>) => void }[] = [];
  const look = (): void => {
    for (const text of stdout.split('\n').slice(0, -1)) {
      if (!text.startsWith('{')) continue;
      const fields = JSON.parse(text) as Record<string, unknown>;
      for (const { message, resolve } of waiting) if (fields['msg'] === message) resolve(fields);
    }
  };
  child.stdout!.on('data', (data: Buffer) => {
    stdout += data.toString();
    look();
  });
  child.stderr!.on('data', (data: Buffer) => (stderr += data.toString()));
  return {
    child,
    // Not 'close': that one never comes for a child whose IPC channel was closed from this side.
    ended: Promise.all([once(child, 'exit'), once(child.stdout!, 'end'), once(child.stderr!, 'end')]).then(
      () => ({ exitCode: child.exitCode, stdout, stderr }),
    ),
    line: (message) =>
      new Promise((resolve) => {
        waiting.push({ message, resolve });
        look();
      }),
  };
}

describe('kv-node', () => {
  it('prints its version, and one sentence for an unknown flag', async () => {
    const [version, unknown] = await Promise.all([run(['--version']).ended, run(['--prot', '1']).ended]);
    expect(version).toMatchObject({
      exitCode: exitCodes.stopped,
      stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/),
    });
    expect(unknown).toEqual({
      exitCode: exitCodes.usage,
      stdout: '',
      stderr: "kv-node: unknown option '--prot'\n",
    });
  });

  it('drains and ends with 0 on SIGTERM, and has everything after a restart', async () => {
    const argv = ['--data-dir', await newDirectory(), '--port', '0', '--partitions', '16'];
    const first = run(argv);
    const { address, clusterId, id } = await first.line('listening');
    expect({ clusterId, id }).toEqual({ clusterId: expect.stringMatching(/^[0-9a-f]{32}$/), id: 'node1' });
    await first.line('serving');
    const channel = channelTo({ address: String(address) });
    await clientsOf(channel).kv.put({ key: Buffer.from('k'), value: Buffer.from('v') });
    channel.close();
    first.child.kill('SIGTERM');
    expect(await first.ended).toMatchObject({ exitCode: exitCodes.stopped, stderr: '' });

    const second = run(argv);
    const again = channelTo({ address: String((await second.line('listening'))['address']) });
    await second.line('serving');
    const found = await clientsOf(again).kv.get({ key: Buffer.from('k') });
    expect(found.value.toString()).toBe('v');
    again.close();

    const other = await run(['--id', 'other', ...argv]).ended;
    expect(other).toMatchObject({ exitCode: exitCodes.dataDirectory, stdout: '' });
    expect(other.stderr).toMatch(/^kv-node: [^\n]+\n$/);
    second.child.kill('SIGKILL');
    await second.ended;
    expect(await run(['--id', 'other', ...argv]).ended).toMatchObject({
      exitCode: exitCodes.dataDirectory,
      stderr: expect.stringContaining('--id is other here and node1 there'),
    });
  });

  it('names the port that is in use', async () => {
    const { node } = await startGrpcNode();
    const argv = ['--data-dir', await newDirectory(), '--port', String(node.port), '--log-level', 'silent'];
    expect(await run(argv).ended).toMatchObject({
      exitCode: exitCodes.addressInUse,
      stdout: '',
      stderr: expect.stringMatching(
        new RegExp(`^kv-node: [^\\n]*:${node.port}: the port is in use[^\\n]*\\n$`),
      ),
    });
    await node.stop();
  });

  it('ends with its parent, told by the IPC channel', async () => {
    const argv = ['--data-dir', await newDirectory(), '--port', '0', '--partitions', '16'];
    const child = run(argv, { KV_EXIT_WITH_PARENT: '1' });
    await child.line('serving');
    child.child.disconnect();
    expect(await child.ended).toMatchObject({
      exitCode: exitCodes.stopped,
      stdout: expect.stringContaining('the parent process ended'),
    });
  });
});
