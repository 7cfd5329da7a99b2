import type { Job, Loop, Tally } from './loop.js';
import { type FaultKind, FaultTrial } from './fault-trial.js';

/** Each with workloads of its own. */
const kinds: readonly FaultKind[] = ['sync', 'sync-linux', 'names', 'full', 'full-short', 'sync-linux'];

export const faultLoop: Loop = {
  name: 'faults',
  title: 'an error at every sync, a full disk at every write',
  counts: 'states',
  minimum: 10_000,
  jobs: 36,
  secondsMax: 120,
  run: (job) => runFaultJob(job),
};

/** One workload, again and again, until it is over before the operation that is to fail. */
export async function runFaultJob({ seed, index }: Job): Promise<Tally> {
  const kind = kinds[index % kinds.length]!;
  const isFull = kind === 'full' || kind === 'full-short';
  const tally = { states: 0, 'failed syncs': 0, 'full disks': 0, 'resumed after it': 0 };
  for (let nth = 1; ; nth += 1) {
    const trial = new FaultTrial({ kind, nth, seed: (seed * 65_537 + index) >>> 0 });
    try {
      const struck = await trial.run();
      tally.states += trial.states;
      if (!struck) return tally;
      tally[isFull ? 'full disks' : 'failed syncs'] += 1;
      if (trial.resumed) tally['resumed after it'] += 1;
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new Error(`${kind}, the ${nth}-th: ${reason}`, { cause: error });
    }
  }
}
