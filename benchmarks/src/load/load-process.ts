import { openConnection } from '../peers/open.js';
import type { Connection } from '../peers/system.js';
import { Profiler } from '../profile/profiler.js';
import { runLoad } from './driver.js';
import type { Load, LoadFigures } from './load.js';
import { preload } from './preload.js';
import type { Answer, Ask, LoaderOptions, Question } from './loader.js';

/** The process that loads one system, and does nothing else: its processor time is that of the system's client. */
const options = JSON.parse(process.argv[2]!) as LoaderOptions;
const connections: Connection[] = [];
const profiler = new Profiler();

async function connectionsFor(count: number): Promise<Connection[]> {
  while (connections.length < count)
    connections.push(await openConnection(options.system, options.endpoints));
  return connections.slice(0, count);
}

async function measure(load: Load): Promise<LoadFigures> {
  const used = await connectionsFor(load.clients);
  const operations = used.map((connection) => connection.use(load));
  return runLoad({ load, operations, serverPids: options.serverPids });
}

async function answer(ask: Ask): Promise<unknown> {
  switch (ask.kind) {
    case 'measure':
      return measure(ask.load);
    case 'preload': {
      const [connection] = await connectionsFor(1);
      return preload(connection!.use({ level: 'quorum', previous: false }), ask.options);
    }
    case 'start-profile':
      return profiler.start();
    case 'stop-profile':
      return profiler.stop(ask.path);
    case 'close':
      await Promise.all(connections.splice(0).map((connection) => connection.close()));
      return undefined;
  }
}

process.on('message', ({ id, ask }: Question) => {
  const reply = (message: Answer): void => void process.send?.(message);
  answer(ask).then(
    (value) => reply({ id, value }),
    (error: unknown) => reply({ id, error: error instanceof Error ? error.message : String(error) }),
  );
});
process.on('disconnect', () => process.exit(0));
