import type { StorageOptions } from './options.js';
import type { TimeKind } from './stopwatch.js';
import type { SystemName } from './systems/system.js';
import type { Task } from './task.js';

/** In the order in which they are measured. */
export const stepNames = [
  'primitives',
  'strings',
  'received',
  'writers',
  'mixed',
  'stress',
  'long',
  'recovery',
  'slices',
  'amplification',
  'large',
] as const;
export type StepName = (typeof stepNames)[number];

/** The same task for several systems in turn, so often. */
export interface Step {
  readonly name: StepName;
  /** Tells apart steps of one name. */
  readonly label: string;
  readonly systems: readonly SystemName[];
  readonly rounds: number;
  readonly task: Omit<Task, 'system' | 'directory'>;
}

export function planOf(options: StorageOptions): Step[] {
  return stepNames
    .filter((name) => options.only.includes(name))
    .flatMap((name) => stepsOf(name, options))
    .map((step) => ({ ...step, systems: step.systems.filter((system) => options.systems.includes(system)) }));
}

const all: readonly SystemName[] = ['kv', 'classic-level', 'lmdb', 'map'];
const onDisk: readonly SystemName[] = ['kv', 'classic-level', 'lmdb'];

function stepsOf(name: StepName, options: StorageOptions): Step[] {
  const { keys: keyCount, valueBytes, seconds, seed, rounds, cpu } = options;
  const time: TimeKind = cpu ? 'cpu' : 'wall';
  const common = { keyCount, valueBytes, seconds, seed, time, keys: 'bytes', durability: 'os' } as const;
  const step = (systems: readonly SystemName[], task: Step['task'], label = ''): Step => {
    return { name, label, systems, rounds, task };
  };
  /** Longer ones are alternated less often. */
  const fewer = Math.min(rounds, 3);
  switch (name) {
    case 'primitives':
      return [step(all, { ...common, part: 'primitives' })];
    case 'strings':
      return [{ ...step(all, { ...common, part: 'primitives', keys: 'strings' }), rounds: fewer }];
    case 'received':
      return [{ ...step(['kv'], { ...common, part: 'received' }), rounds: fewer }];
    case 'writers':
      return [{ ...step(onDisk, { ...common, part: 'writers', durability: 'always' }), rounds: fewer }];
    case 'mixed':
      return [
        { ...step(['kv', 'map'], { ...common, part: 'mixed', durability: 'interval' }), rounds: fewer },
      ];
    case 'stress':
      return [{ ...step(['kv', 'map'], { ...common, part: 'stress' }), rounds: 1 }];
    case 'long': {
      const task = { ...common, part: 'long', durability: 'interval', seconds: options.longSeconds } as const;
      return [{ ...step(['kv'], task), rounds: 1 }];
    }
    case 'recovery': {
      const task = { ...common, part: 'recovery' } as const;
      const large = { ...task, valueBytes: 10 * valueBytes };
      return [
        { ...step(['kv'], task, 'log'), rounds: fewer },
        { ...step(['kv'], { ...task, snapshot: true }, 'snapshot'), rounds: fewer },
        { ...step(['kv'], large, 'log of large values'), rounds: 1 },
        { ...step(['kv'], { ...large, snapshot: true }, 'snapshot of large values'), rounds: 1 },
      ];
    }
    case 'slices':
      return [{ ...step(['kv'], { ...common, part: 'slices' }), rounds: fewer }];
    case 'amplification':
      return [{ ...step(onDisk, { ...common, part: 'amplification', seconds: 3 * seconds }), rounds: 1 }];
    case 'large': {
      const task = { ...common, part: 'primitives', keyCount: options.largeKeys } as const;
      return [{ ...step(all, task), rounds: Math.min(rounds, 2) }];
    }
  }
}
