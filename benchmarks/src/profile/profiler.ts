import { writeFile } from 'node:fs/promises';
import { Session } from 'node:inspector/promises';

/** Fine enough to see a function that takes one part in a thousand of a few seconds. */
const intervalUs = 250;

/** V8's sampling profiler, of this process, from a chosen moment on: what `node --cpu-prof` writes, without the start. */
export class Profiler {
  #session: Session | undefined;

  async start(): Promise<void> {
    const session = new Session();
    session.connect();
    await session.post('Profiler.enable');
    await session.post('Profiler.setSamplingInterval', { interval: intervalUs });
    await session.post('Profiler.start');
    this.#session = session;
  }

  /** Writes a `.cpuprofile`, which Chrome's developer tools open too. */
  async stop(path: string): Promise<void> {
    const session = this.#session;
    if (session === undefined) throw new Error('no profile was started');
    this.#session = undefined;
    const { profile } = await session.post('Profiler.stop');
    session.disconnect();
    await writeFile(path, JSON.stringify(profile));
  }
}
