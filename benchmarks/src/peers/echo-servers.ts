import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

import type { Servers } from './servers.js';

const main = fileURLToPath(new URL('./echo-server.js', import.meta.url));

/** The other end of the bare gRPC stream. */
export async function startEcho(): Promise<Servers> {
  const child = fork(main, { stdio: ['ignore', 2, 2, 'ipc'] });
  const exit = once(child, 'exit');
  const [{ endpoint }] = (await once(child, 'message')) as [{ readonly endpoint: string }];
  return {
    endpoints: [endpoint],
    pids: [child.pid!],
    async stop() {
      if (child.connected) child.disconnect();
      await exit;
    },
  };
}
