import type { StorageOptions } from './options.js';
import { planOf } from './plan.js';
import { runTask } from './run-in-process.js';
import type { Measurement } from './task.js';

/**
 * Every step, its systems in turn, so that what disturbs the machine for a while disturbs all of them; each round begins with
 * another one.
 */
export async function* measureStorage(options: StorageOptions): AsyncGenerator<Measurement> {
  for (const { name, label, systems, rounds, task } of planOf(options)) {
    for (let round = 1; round <= rounds; round += 1) {
      for (let turn = 0; turn < systems.length; turn += 1) {
        const system = systems[(turn + round - 1) % systems.length]!;
        const figures = await runTask(
          { ...task, system, profileDirectory: options.profile },
          options.directory,
        );
        yield { ...task, step: name, label, system, round, figures };
      }
    }
  }
}
