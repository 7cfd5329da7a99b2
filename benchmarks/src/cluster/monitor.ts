import { connect } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';

import type { Monitor, Turns } from '../peers/servers.js';

/** One JSON text each way, one connection for each. */
export type MonitorAsk =
  | { readonly kind: 'watch-turns' }
  | { readonly kind: 'turns' }
  | { readonly kind: 'start-profile' }
  | { readonly kind: 'stop-profile'; readonly path: string };

/** What makes Node load the monitor. @param directory for the sockets; its path must be short, as sockets' paths are */
export function monitorArguments(directory: string): readonly string[] {
  const module = new URL('./node-monitor.js', import.meta.url);
  module.search = encodeURIComponent(directory);
  return ['--import', module.href];
}

export function createMonitor(name: string, pid: number, directory: string): Monitor {
  const path = join(directory, `${pid}.sock`);
  const ask = async (question: MonitorAsk): Promise<unknown> => {
    const socket = connect(path);
    socket.write(JSON.stringify(question));
    const { value, error } = JSON.parse(await text(socket)) as { value?: unknown; error?: string };
    if (error !== undefined) throw new Error(`${name}: ${error}`);
    return value;
  };
  return {
    name,
    async watchTurns() {
      await ask({ kind: 'watch-turns' });
    },
    turns: async () => (await ask({ kind: 'turns' })) as Turns,
    async startProfile() {
      await ask({ kind: 'start-profile' });
    },
    async stopProfile(to) {
      await ask({ kind: 'stop-profile', path: to });
    },
  };
}
