import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';

import { Profiler } from '../profile/profiler.js';
import type { MonitorAsk } from './monitor.js';
import { TurnWatch } from './turn-watch.js';

/**
 * Loaded into each node's process by `--import`, with the directory for its socket as the query of its address. Does nothing
 * until it is asked, so that it is no part of what is measured otherwise.
 */
const directory = decodeURIComponent(new URL(import.meta.url).search.slice(1));
const profiler = new Profiler();
let watch: TurnWatch | undefined;

async function answer(ask: MonitorAsk): Promise<unknown> {
  switch (ask.kind) {
    case 'watch-turns':
      watch = new TurnWatch();
      return undefined;
    case 'turns':
      return watch?.stop();
    case 'start-profile':
      return profiler.start();
    case 'stop-profile':
      return profiler.stop(ask.path);
  }
}

const server = createServer((socket: Socket) => {
  socket.setEncoding('utf8');
  socket.on('error', () => undefined);
  socket.once('data', (line: string) => {
    answer(JSON.parse(line) as MonitorAsk).then(
      (value) => socket.end(JSON.stringify({ value })),
      (error: unknown) => socket.end(JSON.stringify({ error: String(error) })),
    );
  });
});
server.listen(join(directory, `${process.pid}.sock`));
server.unref();
