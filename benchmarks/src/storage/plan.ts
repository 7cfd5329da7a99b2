import type { StorageOptions } from './options.js';
import type { SystemName } from './systems/system.js';
import type { Task } from './task.js';

/** In the order in which they are measured. */
export const stepNames = ['primitives', 'strings', 'large'] as const;
export type StepName = (typeof stepNames)[number];

/** The same task for several systems in turn, so often. */
export interface Step {
  readonly name: StepName;
  readonly systems: readonly SystemName[];
  readonly rounds: number;
  readonly task: Omit<Task, 'system' | 'directory'>;
}

export function planOf(options: StorageOptions): Step[] {
  return stepNames.filter((name) => options.only.includes(name)).map((name) => stepOf(name, options));
}

function stepOf(name: StepName, options: StorageOptions): Step {
  const { keys: keyCount, valueBytes, seconds, seed, rounds, systems } = options;
  const common = { keyCount, valueBytes, seconds, seed, keys: 'bytes', durability: 'os' } as const;
  switch (name) {
    case 'primitives':
      return { name, systems, rounds, task: { ...common, part: 'primitives' } };
    case 'strings':
      return { name, systems, rounds, task: { ...common, part: 'primitives', keys: 'strings' } };
    case 'large':
      return {
        name,
        systems,
        rounds: 1,
        task: { ...common, part: 'primitives', keyCount: options.largeKeys },
      };
  }
}
