import { spawn } from 'node:child_process';

/**
 * Runs a program that knows nothing of us, and ends it when our parent is gone, however that died: Redis and etcd would
 * otherwise go on by themselves. Standard output and error are those that this process was given.
 */
const [program, ...words] = process.argv.slice(2);
const killAfterMs = 5_000;

const child = spawn(program!, words, { stdio: ['ignore', 'inherit', 'inherit'] });
child.on('spawn', () => process.send?.({ pid: child.pid }));
child.on('error', (error) => {
  process.send?.({ error: error.message });
  process.disconnect();
});
child.on('exit', (code) => process.exit(code ?? 1));
process.on('disconnect', () => {
  child.kill('SIGTERM');
  setTimeout(() => child.kill('SIGKILL'), killAfterMs).unref();
});
// A Ctrl-C in the terminal reaches this process too; it ends through its parent, which may have work to finish.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined);
