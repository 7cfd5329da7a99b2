import type { Level, Load } from '../load/load.js';
import type { Turns } from '../peers/servers.js';
import type { SystemName } from '../peers/system.js';
import type { Result } from './result.js';
import type { Stage } from './stage.js';
import type { Step } from './step.js';
import type { Target } from './target.js';

export interface RunPlanOptions {
  readonly stage: Stage;
  readonly onResult: (result: Result) => void;
  /** A step that breaks off; the others go on. */
  readonly onFailure: (step: Step, error: unknown) => void;
}

export async function runPlan(
  steps: readonly Step[],
  { stage, onResult, onFailure }: RunPlanOptions,
): Promise<void> {
  const results: Result[] = [];
  for (const step of steps) {
    try {
      const loads = step.loads(results);
      if (loads.length === 0) continue;
      const targets = await stage.set(step.targets);
      for await (const result of runStep(step, loads, targets)) {
        results.push(result);
        onResult(result);
      }
    } catch (error) {
      if (stage.isClosed) return;
      onFailure(step, error);
      // Whatever state it is in now, the next step gets another.
      await stage.clear();
    }
  }
}

async function* runStep(
  step: Step,
  loads: readonly Load[],
  targets: readonly Target[],
): AsyncGenerator<Result> {
  const { rounds, appliesTo = () => true } = step;
  for (let round = 1; round <= rounds; round++) {
    for (const load of loads) {
      for (let turn = 0; turn < targets.length; turn++) {
        const target = targets[(turn + round) % targets.length]!;
        if (appliesTo(load, target.options)) yield await measure(step, load, target, round);
      }
    }
  }
}

async function measure(step: Step, asked: Load, target: Target, round: number): Promise<Result> {
  const { part, watchesTurns = false } = step;
  const { system, durability, nodes } = target.options;
  const keys = await target.prepare(asked);
  const load = { ...asked, keys };
  const { monitors = [] } = target.servers;
  if (watchesTurns) await Promise.all(monitors.map((monitor) => monitor.watchTurns()));
  const figures = await target.loader.measure(load);
  const turns = watchesTurns
    ? longest(await Promise.all(monitors.map((monitor) => monitor.turns())))
    : undefined;
  const { workload, inFlight, clients, valueBytes, keyOrder, previous, busyPolls, ratePerSecond } = load;
  const level = levelOf(system, load.level);
  return {
    ...{
      system,
      workload,
      level,
      durability: system === 'grpc-stream' ? 'none' : durability,
      inFlight,
      clients,
      valueBytes,
    },
    ...figures,
    ...{ part, round, nodes, keys, keyOrder, previous, busyPolls },
    ...(ratePerSecond === undefined ? {} : { ratePerSecond }),
    ...(turns === undefined ? {} : { turns }),
  };
}

/** Peers have one level each: Redis' primary answers alone, etcd's leader with a majority. */
function levelOf(system: SystemName, asked: Level): Level {
  switch (system) {
    case 'kv':
      return asked;
    case 'ioredis':
    case 'node-redis':
    case 'grpc-stream':
      return 'one';
    case 'etcd':
      return asked === 'one' ? 'one' : 'linearizable';
  }
}

function longest(all: readonly Turns[]): Turns {
  const most = (name: keyof Turns): number => Math.max(...all.map((turns) => turns[name]));
  return {
    longestMs: most('longestMs'),
    longestOwnWorkMs: most('longestOwnWorkMs'),
    longestCollectionMs: most('longestCollectionMs'),
  };
}
